// What every island shares: the page's language and the venue's time zone (set by the server on <html>), filled words,
// times and countdowns. Each island has a dictionary of its own, so that none carries the words of another.

export const locale: "id" | "en" = document.documentElement.lang === "en" ? "en" : "id";
const tag = locale === "id" ? "id-ID" : "en-GB";

// `speak({id, en})("saved", {n: 3})`: a key that a dictionary lacks does not compile.
export const speak = <Words extends Record<string, string>>(both: { id: Words; en: Words }) =>
  (key: keyof Words, facts: Record<string, string | number> = {}): string =>
    (both[locale][key] ?? "").replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? ""));

// In the time of the venue; an old browser that does not know the zone takes its own.
export function timeFormat(form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const timeZone = document.documentElement.dataset["zone"];
  try {
    return new Intl.DateTimeFormat(tag, timeZone ? { ...form, timeZone } : form);
  } catch {
    return new Intl.DateTimeFormat(tag, form);
  }
}

const clock = timeFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const clockTime = (at: number): string => clock.format(at).replace(/:/g, locale === "id" ? "." : ":");

export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const part = (value: number) => String(value).padStart(2, "0");
  return `${part(Math.floor(whole / 3600))}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`;
}
