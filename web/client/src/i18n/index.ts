// The words of the page's language (set by the server on <html lang>); a missing key does not compile.

import { en } from "./en";
import { id, type Words } from "./id";

export const locale: "id" | "en" = document.documentElement.lang === "en" ? "en" : "id";
const words: Words = locale === "en" ? en : id;

export function t(key: keyof Words, facts: Record<string, string | number> = {}): string {
  return words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? ""));
}

const time = new Intl.DateTimeFormat(locale === "id" ? "id-ID" : "en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const clockTime = (at: number): string => time.format(at).replace(/:/g, locale === "id" ? "." : ":");

export const countdown = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds));
  const part = (value: number) => String(value).padStart(2, "0");
  return `${part(Math.floor(whole / 3600))}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`;
};
