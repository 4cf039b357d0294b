// Time that is given, and what needs two people. Asking changes nothing; who has asked or agreed waits for somebody else.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Told, useDoing } from "./actions";
import { askCredit, askTermination, decideProposal, giveTime, readAffected } from "./api";
import { decided, known, me, opened, openProposals, proposals, session, stir, takeCandidate, takeProposal } from "./store";
import { over, type Affected, type Candidate, type Proposal } from "./types";
import { moment, t } from "./words";

const MOST_MINUTES = 240;
const whole = (text: string): number => (/^\d{1,3}$/.test(text.trim()) ? Number(text) : 0);
const fits = (minutes: number): boolean => minutes >= 1 && minutes <= MOST_MINUTES;

function Minutes(props: { id: string; value: string; onInput: (value: string) => void }) {
  return (
    <div class="form-row">
      <label for={props.id}>{t("minutesField")}</label>
      <input
        id={props.id} class="input" type="number" inputMode="numeric" min={1} max={MOST_MINUTES} step={1} required value={props.value}
        data-testid={props.id} onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  );
}

function Reason(props: { id: string; value: string; onInput: (value: string) => void }) {
  return (
    <div class="form-row">
      <label for={props.id}>{t("reasonField")}</label>
      <input
        id={props.id} class="input" maxLength={500} required value={props.value}
        data-testid={props.id} onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  );
}

type AskProps = { name: string; open: string; hint: string; confirm: string; timed?: boolean; run: (reason: string, minutes: number) => Promise<string> };

// A button that opens a small form with a reason, and minutes where they are asked for.
function Ask(props: AskProps) {
  const asking = useSignal(false);
  const reason = useSignal("");
  const minutes = useSignal("5");
  const form = useRef<HTMLFormElement>(null);
  const { busy, outcome, run } = useDoing();
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), [asking.value]);
  const ready = reason.value.trim() !== "" && (!props.timed || fits(whole(minutes.value)));
  const send = async (event: Event) => {
    event.preventDefault();
    if (!ready || busy.value) return;
    if (!(await run(() => props.run(reason.value.trim(), whole(minutes.value))))) return;
    asking.value = false;
    reason.value = "";
  };
  return (
    <div class="p-ask">
      {!asking.value && (
        <button type="button" class="button button-secondary" data-testid={props.name} onClick={() => (asking.value = true)}>{props.open}</button>
      )}
      {asking.value && (
        <form ref={form} class="p-pause" onSubmit={(event) => void send(event)}>
          <p class="hint">{props.hint}</p>
          {props.timed && <Minutes id={`${props.name}-minutes`} value={minutes.value} onInput={(value) => (minutes.value = value)} />}
          <Reason id={`${props.name}-reason`} value={reason.value} onInput={(value) => (reason.value = value)} />
          <div class="p-buttons">
            <button type="submit" class="button" data-testid={`${props.name}-confirm`} disabled={busy.value || !ready}>{props.confirm}</button>
            <button type="button" class="button button-quiet" onClick={() => (asking.value = false)}>{t("cancel")}</button>
          </div>
        </form>
      )}
      <Told outcome={outcome.value} />
    </div>
  );
}

export function GiveTime(props: { of: Candidate }) {
  const { attempt, phase } = props.of;
  if (over(phase)) return null;
  const give = async (reason: string, minutes: number) => {
    takeCandidate(await giveTime(attempt, minutes, reason));
    stir(attempt);
    return t("addedDone", { n: minutes, time: moment(Date.now()) });
  };
  return <Ask name="add-time" open={t("addTime")} hint={t("addTimeHint")} confirm={t("addTimeConfirm")} timed run={give} />;
}

export function End(props: { of: Candidate }) {
  const { attempt, phase } = props.of;
  const asked = [...proposals.value.values()].find((each) => each.kind === "terminate" && each.state === "open" && each.attempts[0] === attempt);
  if (phase !== "active" && phase !== "paused") return null;
  const ask = async (reason: string) => {
    takeProposal(await askTermination(attempt, reason));
    return t("endAsked", { time: moment(Date.now()) });
  };
  return (
    <div class="p-end">
      {asked ? <Decide of={asked} /> : <Ask name="end" open={t("endAsk")} hint={t("endHint")} confirm={t("endConfirm")} run={ask} />}
    </div>
  );
}

function titleOf(each: Proposal): string {
  if (each.kind === "credit") return t("creditTitle", { n: each.minutes ?? 0, count: each.attempts.length });
  const candidate = known.get(each.attempts[0] ?? "")?.candidate.value;
  return t("terminateTitle", { name: candidate ? `${candidate.name} (${candidate.number})` : "" });
}

function Decide(props: { of: Proposal }) {
  const each = props.of;
  const { busy, outcome, run } = useDoing();
  const mine = each.agreed.includes(me.value.username);
  const decide = (decision: "approve" | "decline") =>
    run(async () => {
      const told = await decideProposal(each.id, decision);
      takeProposal(told);
      return t(`decided_${told.state}`, { n: told.done });
    });
  return (
    <div class="p-proposal" data-testid={`proposal-${each.kind}`}>
      <h3>{titleOf(each)}</h3>
      <p>{t("askedBy", { by: each.by, time: moment(each.at), reason: each.reason })}</p>
      <p class="small">{t("agreedBy", { names: each.agreed.join(", ") })}</p>
      {mine && <p class="small">{t("needsOther")}</p>}
      {!each.lead && !me.value.lead && <p class="small">{t("needsLead")}</p>}
      <div class="p-buttons">
        {!mine && (
          <button type="button" class="button" data-testid="approve" disabled={busy.value} onClick={() => void decide("approve")}>{t(`approve_${each.kind}`)}</button>
        )}
        <button type="button" class="button button-secondary" data-testid="decline" disabled={busy.value} onClick={() => void decide("decline")}>{t("declineIt")}</button>
      </div>
      <Told outcome={outcome.value} />
    </div>
  );
}

export function Proposals() {
  const waiting = openProposals.value;
  if (opened.value) return null; // an open panel has its own
  if (waiting.length === 0) return decided.value ? <p class="notice notice-good" data-testid="decided">{decided.value}</p> : null;
  return (
    <section aria-labelledby="p-proposals-title" data-testid="proposals">
      <h2 id="p-proposals-title">{t("proposals")}</h2>
      {waiting.map((each) => <Decide key={each.id} of={each} />)}
    </section>
  );
}

// Today's time of the browser's clock as milliseconds; null where the field is empty.
function momentOf(text: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(text);
  return found ? new Date().setHours(Number(found[1]), Number(found[2]), 0, 0) : null;
}

function Affects(props: { list: Affected[]; minutes: number }) {
  return (
    <>
      <p><b>{t("previewed", { n: props.list.length, minutes: props.minutes })}</b></p>
      <ul class="p-affected" data-testid="affected">
        {props.list.map((each) => <li key={each.attempt}>{each.name} <span class="p-number">{each.number}</span></li>)}
      </ul>
    </>
  );
}

export function SessionTime() {
  const minutes = useSignal("5");
  const reason = useSignal("");
  const until = useSignal("");
  const seen = useSignal<Affected[] | null>(null);
  const { busy, outcome, run } = useDoing();
  const of = session.value?.id ?? "";
  const count = whole(minutes.value);
  const preview = () =>
    run(async () => {
      seen.value = await readAffected(of, momentOf(until.value));
      return t("previewed", { n: seen.value.length, minutes: count });
    });
  const ask = async (event: Event) => {
    event.preventDefault();
    if (!fits(count) || !reason.value.trim() || !seen.value?.length || busy.value) return;
    const done = await run(async () => {
      takeProposal(await askCredit(of, count, reason.value.trim(), momentOf(until.value)));
      return t("creditAsked", { time: moment(Date.now()) });
    });
    if (done) seen.value = null;
    if (done) reason.value = "";
  };
  return (
    <details class="p-session-time p-ask">
      <summary data-testid="session-time">{t("sessionTime")}</summary>
      <form class="p-pause" onSubmit={(event) => void ask(event)}>
        <p class="hint">{t("sessionTimeHint")}</p>
        <Minutes id="session-minutes" value={minutes.value} onInput={(value) => (minutes.value = value)} />
        <Reason id="session-reason" value={reason.value} onInput={(value) => (reason.value = value)} />
        <div class="form-row">
          <label for="session-until">{t("untilField")}</label>
          <div class="hint" id="session-until-hint">{t("untilHint")}</div>
          <input
            id="session-until" class="input" type="time" aria-describedby="session-until-hint" value={until.value}
            onInput={(event) => { until.value = event.currentTarget.value; seen.value = null; }}
          />
        </div>
        {seen.value && seen.value.length > 0 && <Affects list={seen.value} minutes={count} />}
        <div class="p-buttons">
          <button type="button" class="button button-secondary" data-testid="session-preview" disabled={busy.value || !fits(count)} onClick={() => void preview()}>{t("preview")}</button>
          <button type="submit" class="button" data-testid="session-ask" disabled={busy.value || !fits(count) || !reason.value.trim() || !seen.value?.length}>{t("proposeIt")}</button>
        </div>
      </form>
      <Told outcome={outcome.value} />
    </details>
  );
}
