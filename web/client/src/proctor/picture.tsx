// Pictures: the live one of a candidate, stored evidence, and either of them enlarged.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { frameOf, mediaOf } from "./api";
import { Icon } from "./marks";
import { serverNow, tick, type Known } from "./store";
import { over } from "./types";
import { ago, moment, t } from "./words";

export const STALE_MS = 30_000; // six frames that did not come

type Enlarged = { caption: string; media: string | null; live: Known | null };
export const enlarged = signal<Enlarged | null>(null);

// One observer for all tiles: only what is on the screen (or nearly) asks the server for pictures.
const watchers = new Map<Element, (seen: boolean) => void>();
const observer = new IntersectionObserver(
  (entries) => entries.forEach((each) => watchers.get(each.target)?.(each.isIntersecting)),
  { rootMargin: "150px" },
);

function useVisible(box: { current: HTMLElement | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watched = box.current;
    if (!watched) return undefined;
    watchers.set(watched, setSeen);
    observer.observe(watched);
    return () => {
      observer.unobserve(watched);
      watchers.delete(watched);
    };
  }, []);
  return seen;
}

export function Live(props: { of: Known; alt: string }) {
  const box = useRef<HTMLSpanElement>(null);
  const seen = useVisible(box);
  const [failedAt, setFailedAt] = useState(0);
  const loaded = useRef(0);
  const { attempt, phase } = props.of.candidate.value;
  const at = props.of.frameAt.value;
  const ended = over(phase);
  if (seen && at !== null) loaded.current = at; // off the screen the last picture stays as it is
  const has = at !== null && loaded.current > 0 && !ended && failedAt !== loaded.current;
  if (seen) void tick.value; // the age of what nobody sees need not be counted
  const age = at === null ? 0 : serverNow() - at;
  const stale = has && age > STALE_MS;
  return (
    <span class={`p-picture${stale ? " is-stale" : ""}`} ref={box}>
      {has ? (
        <img src={frameOf(attempt, loaded.current)} alt={props.alt} width={320} height={240} decoding="async" onError={() => setFailedAt(loaded.current)} />
      ) : (
        <span class="p-blank"><Icon name="camera" />{t(ended ? "noLive" : at === null ? "noPicture" : "noCamera")}</span>
      )}
      {stale && <span class="p-stale">{t("stale", { age: ago(age) })}</span>}
    </span>
  );
}

export function Thumb(props: { media: string; alt: string }) {
  return (
    <button type="button" class="p-thumb" onClick={() => (enlarged.value = { caption: props.alt, media: props.media, live: null })}>
      <img src={mediaOf(props.media)} alt="" width={160} height={120} loading="lazy" decoding="async" />
      <span class="visually-hidden">{t("enlarge", { what: props.alt })}</span>
    </button>
  );
}

export function Enlarge() {
  const now = enlarged.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (now && dialog.current && !dialog.current.open) dialog.current.showModal();
  }, [now]);
  if (!now) return null;
  const close = () => (enlarged.value = null);
  return (
    <dialog ref={dialog} class="p-large" aria-label={now.caption} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <figure>
        {now.live ? <Live of={now.live} alt={now.caption} /> : <img src={mediaOf(now.media ?? "")} alt={now.caption} width={640} height={480} />}
        <figcaption>
          {now.caption}
          {now.live?.frameAt.value ? ` · ${t("liveAt", { time: moment(now.live.frameAt.value) })}` : ""}
        </figcaption>
      </figure>
      <button type="button" class="button" autoFocus onClick={close}>{t("close")}</button>
    </dialog>
  );
}
