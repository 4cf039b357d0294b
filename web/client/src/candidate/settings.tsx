// Text size, theme, contrast: kept on the device, applied to <html>.

import { signal } from "@preact/signals";
import { locale } from "../locale";
import { DeviceCard } from "./device";
import { t } from "./words";

type Choice = { size: "1" | "2" | "3"; theme: "auto" | "light" | "dark"; contrast: boolean };
const KEPT = "ombilin-display";
const initial: Choice = { size: "1", theme: "auto", contrast: false };

function kept(): Choice {
  try {
    return { ...initial, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Choice>) };
  } catch {
    return initial;
  }
}

const choice = signal<Choice>(kept());

function apply(now: Choice): void {
  const root = document.documentElement.dataset;
  root.size = now.size;
  root.contrast = now.contrast ? "more" : "normal";
  if (now.theme === "auto") delete root.theme;
  else root.theme = now.theme;
}

function change(part: Partial<Choice>): void {
  choice.value = { ...choice.value, ...part };
  apply(choice.value);
  try {
    localStorage.setItem(KEPT, JSON.stringify(choice.value));
  } catch {
    // a private window: it holds for this page
  }
}

apply(choice.value);

function Radios<K extends "size" | "theme">(props: { name: K; label: string; options: [Choice[K], string][] }) {
  return (
    <fieldset class="setting">
      <legend>{props.label}</legend>
      {props.options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={props.name} checked={choice.value[props.name] === value} onChange={() => change({ [props.name]: value })} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

export function Settings() {
  const other = locale === "id" ? "en" : "id";
  return (
    <details class="settings">
      <summary class="button button-quiet">
        <span aria-hidden="true">Aa</span>
        <span class="wide-only">{t("settings")}</span>
        <span class="visually-hidden">{t("settings")}</span>
      </summary>
      <div class="settings-panel card">
        <Radios name="size" label={t("textSize")} options={[["1", t("normal")], ["2", t("large")], ["3", t("largest")]]} />
        <Radios name="theme" label={t("theme")} options={[["auto", t("themeAuto")], ["light", t("themeLight")], ["dark", t("themeDark")]]} />
        <label class="setting">
          <input type="checkbox" checked={choice.value.contrast} onChange={(event) => change({ contrast: event.currentTarget.checked })} />
          {t("contrast")}
        </label>
        <p><a href={`/locale/${other}?next=/exam/`} lang={other} hreflang={other}>{t("otherLanguage")}</a></p>
        <p class="quiet small">{t("shortcuts")}</p>
        <DeviceCard />
      </div>
    </details>
  );
}
