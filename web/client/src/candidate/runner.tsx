// The runner: one item at a time, the navigator, the review, the end.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clockTime, countdown } from "../locale";
import { t } from "./words";
import { postJson } from "./api";
import { stream, watch } from "./camera";
import { Settings } from "./settings";
import { watchBrowser } from "./signals";
import { bootstrap, flags, go, item, page, position, remaining, respond, responses, standing, sync, queue, toggleFlag, wipe } from "./state";
import { chosen, type Figure, type Item } from "./types";

const ANNOUNCED = [30, 10, 5, 1];
const DRAIN_MS = 20_000;

function Timer() {
  const hidden = useSignal(false);
  const said = useSignal("");
  const left = remaining.value;
  const minutes = left === null ? null : Math.ceil(left / 60);
  useEffect(() => {
    if (minutes !== null && ANNOUNCED.includes(minutes)) said.value = t("minutesLeft", { n: minutes });
  }, [minutes]);
  const low = left !== null && left <= 300;
  return (
    <div class={`timer ${low ? "is-low" : ""}`}>
      <button type="button" class="timer-toggle" aria-pressed={hidden.value} onClick={() => (hidden.value = !hidden.value)}>
        <span class="visually-hidden">{t(hidden.value ? "showTime" : "hideTime")}</span>
        <span aria-hidden="true" class="timer-icon">⏱</span>
        <span role="timer" aria-label={t("timeLeft")}>{hidden.value ? "··:··" : left === null ? "" : countdown(left)}</span>
      </button>
      <span class="visually-hidden" aria-live="polite">{said.value}</span>
    </div>
  );
}

function SaveState() {
  const now = sync.value;
  if (!now) return null;
  const unsent = now.unsent.value;
  const text =
    unsent > 0
      ? now.connection.value === "online" ? t("saving") : t("savedHere", { n: unsent })
      : now.savedAt.value ? t("saved", { time: clockTime(now.savedAt.value) }) : t("ready");
  return <span class="save-state" data-testid="save-state" data-unsent={unsent}>{text}</span>;
}

export function Header() {
  const now = item.value;
  const section = bootstrap.value?.sections.find((each) => each.code === now?.section);
  return (
    <header class="run-head">
      <div class="run-head-in">
        <div class="run-where">
          <span class="run-section">{section ? `${section.code} · ${section.title}` : bootstrap.value?.exam.title}</span>
          <b>{t("item")} {position.value} / {bootstrap.value?.items.length}</b>
        </div>
        <SaveState />
        <Timer />
        <Settings />
      </div>
    </header>
  );
}

function Picture(props: { figure: Figure; class?: string }) {
  if (!props.figure) return null;
  return <span class={`figure ${props.class ?? ""}`}><img src={props.figure.src} alt={props.figure.alt} /></span>;
}

function Question(props: { item: Item }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  const now = props.item;
  useEffect(() => {
    if (!first.current) heading.current?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [now.ref]);
  const answer = chosen(responses.value[now.ref]);
  return (
    <article class="question">
      <h1 ref={heading} tabIndex={-1} class="question-number">
        {t("item")} {now.position}
        {flags.value.has(now.ref) && <span class="tag tag-warn">{t("flagged")}</span>}
      </h1>
      <div class="stem" id="stem" dangerouslySetInnerHTML={{ __html: now.stem }} />
      <Picture figure={now.figure} class="stem-figure" />
      <fieldset class={`choices ${now.interaction.options.some((each) => each.figure) ? "is-figural" : ""}`} aria-describedby="stem">
        <legend class="visually-hidden">{t("options")}</legend>
        {now.interaction.options.map((option, index) => (
          <label key={`${now.ref}-${option.id}`} class={`choice ${answer === option.id ? "is-chosen" : ""}`} data-testid={`option-${option.id}`}>
            <input type="radio" name={now.ref} value={option.id} checked={answer === option.id} onChange={() => void respond(now, option.id)} />
            <span class="letter" aria-hidden="true">{"ABCDEFGHIJ"[index]}</span>
            <span class="choice-text">
              <span dangerouslySetInnerHTML={{ __html: option.html }} />
              <Picture figure={option.figure} />
            </span>
          </label>
        ))}
      </fieldset>
    </article>
  );
}

type Filter = "all" | "blank" | "answered" | "flagged";

export function Navigator(props: { onClose?: () => void }) {
  const filter = useSignal<Filter>("all");
  const items = bootstrap.value?.items ?? [];
  const fits = (each: Item, by: Filter) => by === "all" || (by === "flagged" ? flags.value.has(each.ref) : standing(each) === by);
  const count = (by: Filter) => items.filter((each) => fits(each, by)).length;
  return (
    <nav class="navigator" aria-label={t("navigator")}>
      <div class="navigator-head">
        <h2>{t("navigator")}</h2>
        {props.onClose && <button type="button" class="button button-quiet" onClick={props.onClose}>{t("close")}</button>}
      </div>
      <div class="navigator-filters" role="group" aria-label={t("navigator")}>
        {(["all", "blank", "answered", "flagged"] as const).map((by) => (
          <button key={by} type="button" class="chip" aria-pressed={filter.value === by} onClick={() => (filter.value = by)}>
            {t(by)} <b>{count(by)}</b>
          </button>
        ))}
      </div>
      {bootstrap.value?.sections.map((section) => (
        <section key={section.code}>
          <h3>{section.code} <span class="quiet small">{section.title}</span></h3>
          <ol class="places">
            {items.filter((each) => each.section === section.code && fits(each, filter.value)).map((each) => {
              const state = standing(each);
              const marked = flags.value.has(each.ref);
              const open = position.value === each.position && page.value === "items";
              const words = [t(state), marked ? t("flagged") : "", open ? t("current") : ""].filter(Boolean).join(", ");
              return (
                <li key={each.ref}>
                  <button
                    type="button"
                    class={`place is-${state} ${marked ? "is-flagged" : ""}`}
                    aria-current={open ? "step" : undefined}
                    data-testid={`nav-${each.position}`}
                    onClick={() => {
                      go(each.position);
                      props.onClose?.();
                    }}
                  >
                    <span aria-hidden="true" class="place-icon">{marked ? "⚑" : state === "answered" ? "✓" : ""}</span>
                    {each.position}
                    <span class="visually-hidden">, {words}</span>
                  </button>
                </li>
              );
            })}
          </ol>
        </section>
      ))}
      <button type="button" class="button button-secondary button-wide" data-testid="review" onClick={() => { page.value = "review"; props.onClose?.(); }}>
        {t("review")}
      </button>
    </nav>
  );
}

function Review() {
  const asking = useRef<HTMLDialogElement>(null);
  const busy = useSignal(false);
  const problem = useSignal("");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const items = bootstrap.value?.items ?? [];
  const blank = items.filter((each) => standing(each) === "blank");
  const marked = items.filter((each) => flags.value.has(each.ref));
  const unsent = sync.value?.unsent.value ?? 0;
  useEffect(() => {
    if (unsent === 0) problem.value = "";
  }, [unsent]);
  const finish = async () => {
    busy.value = true;
    problem.value = "";
    try {
      if (!(await sync.value?.drained(DRAIN_MS))) throw new Error(t("notFinished", { n: queue.value?.pending.length ?? 0 }));
      const told = await postJson<{ receipt_url: string }>("/api/seat/submit", {});
      await wipe();
      location.assign(told.receipt_url);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : "";
      busy.value = false;
      asking.current?.close();
    }
  };
  const jump = (list: Item[]) => (
    <ul class="places">
      {list.map((each) => (
        <li key={each.ref}><button type="button" class={`place is-${standing(each)}`} onClick={() => go(each.position)}>{each.position}</button></li>
      ))}
    </ul>
  );
  return (
    <section class="question">
      <h1 ref={heading} tabIndex={-1}>{t("reviewTitle")}</h1>
      <p class="quiet">{t("reviewLead")}</p>
      {problem.value && <div class="notice notice-danger" role="alert"><p>{problem.value}</p></div>}
      <div class="review-stats">
        <div class="stat"><b>{items.length - blank.length}</b><span>{t("answered")}</span></div>
        <div class="stat"><b>{blank.length}</b><span>{t("blank")}</span></div>
        <div class="stat"><b>{marked.length}</b><span>{t("flagged")}</span></div>
        <div class="stat"><b>{unsent}</b><span>{t("unsent")}</span></div>
      </div>
      {blank.length > 0 && <><h2>{t("blank")}</h2>{jump(blank)}</>}
      {marked.length > 0 && <><h2>{t("flagged")}</h2>{jump(marked)}</>}
      <div class="actions">
        <button type="button" class="button button-secondary" onClick={() => (page.value = "items")}>{t("backToItems")}</button>
        <button type="button" class="button" data-testid="finish" onClick={() => asking.current?.showModal()}>{t("finish")}</button>
      </div>
      <dialog ref={asking} class="dialog" aria-labelledby="finish-title">
        <h2 id="finish-title">{t("finishTitle")}</h2>
        {blank.length > 0 && <p class="notice notice-warn">{t("finishBlank", { n: blank.length })}</p>}
        <p>{t("finishText")}</p>
        {unsent > 0 && <p aria-live="polite">{t("waitUnsent", { n: unsent })}</p>}
        <div class="actions">
          <button type="button" class="button" data-testid="finish-confirm" disabled={busy.value} onClick={() => void finish()}>
            {busy.value ? t("sending") : t("finishConfirm")}
          </button>
          <button type="button" class="button button-secondary" disabled={busy.value} onClick={() => asking.current?.close()}>{t("cancel")}</button>
        </div>
      </dialog>
    </section>
  );
}

function SelfView() {
  const video = useRef<HTMLVideoElement>(null);
  const hidden = useSignal(false);
  const how = bootstrap.value?.proctoring;
  useEffect(() => {
    if (!video.current || !how?.camera) return undefined;
    const shown = video.current;
    if (stream.value) shown.srcObject = stream.value;
    void shown.play().catch(() => undefined);
    return watch(shown, how);
  }, []);
  if (!how?.camera) return null;
  return (
    <aside class={`self-view ${hidden.value ? "is-hidden" : ""}`} aria-label={t("selfView")}>
      <video ref={video} muted playsInline aria-hidden="true" />
      <button type="button" class="self-toggle" aria-pressed={!hidden.value} onClick={() => (hidden.value = !hidden.value)}>
        <span aria-hidden="true">{hidden.value ? "◉" : "✕"}</span>
        <span class="visually-hidden">{t(hidden.value ? "showSelf" : "hideSelf")}</span>
      </button>
    </aside>
  );
}

export function Runner() {
  const sheet = useRef<HTMLDialogElement>(null);
  const open = useSignal(false);
  useEffect(() => {
    watchBrowser(bootstrap.value?.proctoring.fullscreen ?? false);
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const now = item.value;
      const act: Record<string, () => void> = {
        ArrowRight: () => go(position.value + 1),
        ArrowLeft: () => go(position.value - 1),
        KeyR: () => now && void toggleFlag(now),
        KeyS: () => (document.querySelector<HTMLElement>(".navigator .place[aria-current]") ?? document.querySelector<HTMLElement>(".open-navigator"))?.focus(),
      };
      const chosenAct = act[event.code];
      if (chosenAct) {
        event.preventDefault();
        chosenAct();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const showNavigator = () => {
    open.value = true;
    sheet.current?.showModal();
  };
  const now = item.value;
  const count = bootstrap.value?.items.length ?? 0;
  return (
    <div class="run">
      <Header />
      <div class="run-body">
        <main class="run-main" id="main" tabIndex={-1}>{page.value === "review" ? <Review /> : now && <Question item={now} />}</main>
        {/* before the navigator, so that the keyboard reaches "next" without passing 110 numbers */}
        {page.value === "items" && now && (
          <footer class="run-foot">
            <div class="run-foot-in">
              <button type="button" class="button button-secondary" data-testid="previous" disabled={position.value === 1} onClick={() => go(position.value - 1)}>
                <span aria-hidden="true">‹&nbsp;</span><span class="foot-word">{t("previous")}</span>
              </button>
              <button type="button" class={`button button-secondary ${flags.value.has(now.ref) ? "is-on" : ""}`} data-testid="flag" aria-pressed={flags.value.has(now.ref)} onClick={() => void toggleFlag(now)}>
                <span aria-hidden="true">⚑&nbsp;</span>{t("flag")}
              </button>
              <button type="button" class="button button-secondary narrow-only open-navigator" data-testid="navigator-open" onClick={showNavigator}>
                <span aria-hidden="true">☰</span><span class="visually-hidden">{t("navigator")}</span>
              </button>
              {position.value < count ? (
                <button type="button" class="button" data-testid="next" onClick={() => go(position.value + 1)}>
                  <span class="foot-word">{t("next")}</span><span aria-hidden="true">&nbsp;›</span>
                </button>
              ) : (
                <button type="button" class="button" data-testid="next" onClick={() => (page.value = "review")}>{t("review")}</button>
              )}
            </div>
          </footer>
        )}
        <div class="run-side">
          <SelfView />
          <div class="wide-only"><Navigator /></div>
        </div>
      </div>
      <dialog ref={sheet} class="sheet" onClose={() => (open.value = false)}>
        {open.value && <Navigator onClose={() => sheet.current?.close()} />}
      </dialog>
    </div>
  );
}
