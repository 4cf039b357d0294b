// What a proctor may do: write to the candidate, stop and continue the clock, decide an incident. Every success is told.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Refused } from "../answers";
import { pauseClock, resumeClock, reviewIncident, sendMessage } from "./api";
import { SeverityMark } from "./marks";
import { Thumb } from "./picture";
import { decisionOf, spanOf } from "./queue";
import { stir, takeCandidate, takeIncident } from "./store";
import type { Candidate, Incident } from "./types";
import { moment, t } from "./words";

export type Outcome = { good: boolean; text: string } | null;

export function useDoing() {
  const busy = useSignal(false);
  const outcome = useSignal<Outcome>(null);
  const run = async (work: () => Promise<string>): Promise<boolean> => {
    busy.value = true;
    outcome.value = null;
    try {
      outcome.value = { good: true, text: await work() };
      return true;
    } catch (error) {
      const reason = error instanceof Refused ? error.message : t("lost", { time: moment(Date.now()) });
      outcome.value = { good: false, text: t("notAllowed", { reason }) };
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, outcome, run };
}

export function Told(props: { outcome: Outcome }) {
  return (
    <div class="p-told" role="status">
      {props.outcome && <p class={`notice ${props.outcome.good ? "notice-good" : "notice-danger"}`}>{props.outcome.text}</p>}
    </div>
  );
}

export function Write(props: { to: Candidate }) {
  const text = useSignal("");
  const { busy, outcome, run } = useDoing();
  const send = async (event: Event) => {
    event.preventDefault();
    if (!text.value.trim() || busy.value) return;
    const done = await run(async () => {
      takeCandidate(await sendMessage(props.to.attempt, text.value.trim()));
      return t("sent", { time: moment(Date.now()) });
    });
    if (done) text.value = "";
    if (done) stir(props.to.attempt);
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <div class="form-row">
        <label for="p-message">{t("message")}</label>
        <div class="hint" id="p-message-hint">{t("messageHint")}</div>
        <textarea
          id="p-message" class="input" rows={2} maxLength={500} aria-describedby="p-message-hint" data-testid="message-text" value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" data-testid="message-send" disabled={busy.value || !text.value.trim()}>{t(busy.value ? "sending" : "send")}</button>
      <Told outcome={outcome.value} />
    </form>
  );
}

export function Clock(props: { of: Candidate }) {
  const asking = useSignal(false);
  const reason = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const { busy, outcome, run } = useDoing();
  const { attempt, phase } = props.of;
  useLayoutEffect(() => field.current?.focus(), [asking.value]);
  const pause = async (event: Event) => {
    event.preventDefault();
    if (!reason.value.trim() || busy.value) return;
    const done = await run(async () => {
      takeCandidate(await pauseClock(attempt, reason.value.trim()));
      return t("pausedDone", { time: moment(Date.now()) });
    });
    if (!done) return;
    asking.value = false;
    reason.value = "";
    stir(attempt);
  };
  const resume = () =>
    run(async () => {
      takeCandidate(await resumeClock(attempt));
      stir(attempt);
      return t("resumedDone", { time: moment(Date.now()) });
    });
  return (
    <div class="p-clock">
      {phase === "active" && !asking.value && (
        <button type="button" class="button button-secondary" data-testid="pause" onClick={() => (asking.value = true)}>{t("pause")}</button>
      )}
      {phase === "active" && asking.value && (
        <form class="p-pause" onSubmit={(event) => void pause(event)}>
          <div class="form-row">
            <label for="p-reason">{t("pauseReason")}</label>
            <div class="hint" id="p-reason-hint">{t("pauseHint")}</div>
            <input
              ref={field} id="p-reason" class="input" maxLength={500} required aria-describedby="p-reason-hint" data-testid="pause-reason" value={reason.value}
              onInput={(event) => (reason.value = event.currentTarget.value)}
            />
          </div>
          <div class="p-buttons">
            <button type="submit" class="button" data-testid="pause-confirm" disabled={busy.value || !reason.value.trim()}>{t("pauseConfirm")}</button>
            <button type="button" class="button button-quiet" onClick={() => (asking.value = false)}>{t("cancel")}</button>
          </div>
        </form>
      )}
      {phase === "paused" && (
        <button type="button" class="button" data-testid="resume" disabled={busy.value} onClick={() => void resume()}>{t("resume")}</button>
      )}
      <Told outcome={outcome.value} />
    </div>
  );
}

export function Examine(props: { of: Incident }) {
  const each = props.of;
  const note = useSignal("");
  const heading = useRef<HTMLHeadingElement>(null);
  const { busy, outcome, run } = useDoing();
  useEffect(() => heading.current?.focus(), []);
  const decide = (decision: "upheld" | "dismissed") =>
    run(async () => {
      takeIncident(await reviewIncident(each.id, decision, note.value.trim()));
      return t(decision === "upheld" ? "upheldDone" : "dismissedDone");
    });
  const decided = decisionOf(each);
  return (
    <section class={`p-examine is-${each.severity}`} aria-labelledby="p-examine-title">
      <p class="p-line"><span class="quiet small">{t("review")}</span><SeverityMark severity={each.severity} /></p>
      <h3 id="p-examine-title" ref={heading} tabIndex={-1}>{each.title}</h3>
      <p>{each.summary}</p>
      <p class="quiet small">{spanOf(each)}</p>
      {each.media.length > 0 && (
        <ul class="p-thumbs">
          {each.media.map((media, n) => <li key={media}><Thumb media={media} alt={`${t("evidence", { n: n + 1 })}, ${each.title}`} /></li>)}
        </ul>
      )}
      {decided ? (
        <p class="notice notice-good">{decided}{each.review?.note && <><br />{each.review.note}</>}</p>
      ) : (
        <>
          <div class="form-row">
            <label for="p-note">{t("note")}</label>
            <div class="hint" id="p-note-hint">{t("noteHint")}</div>
            <textarea id="p-note" class="input" rows={2} maxLength={500} aria-describedby="p-note-hint" value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} />
          </div>
          <div class="p-buttons">
            <button type="button" class="button button-secondary" data-testid="dismiss" disabled={busy.value} onClick={() => void decide("dismissed")}>{t("dismiss")}</button>
            <button type="button" class="button button-secondary" data-testid="uphold" disabled={busy.value} onClick={() => void decide("upheld")}>{t("uphold")}</button>
          </div>
        </>
      )}
      <p class="quiet small p-verdict-again">{t("verdict")}</p>
      <Told outcome={outcome.value} />
    </section>
  );
}
