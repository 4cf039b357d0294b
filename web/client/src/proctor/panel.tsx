// One candidate: identity photo beside the live picture, the incident under review, actions, the timeline.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { readTimeline } from "./api";
import { Clock, Examine, Write } from "./actions";
import { End, GiveTime } from "./time";
import { PhaseMark, SeverityMark } from "./marks";
import { enlarged, Live, Thumb } from "./picture";
import { announcement, incidents, known, opened, remainingOf, stirred, takeCandidate, tick, waits, type Known } from "./store";
import type { Entry } from "./types";
import { countdown } from "../locale";
import { moment, t } from "./words";

const REST_MS = 1_500; // a burst of changes reads the timeline once; each reading is in the audit trail

function Faces(props: { of: Known }) {
  const each = props.of.candidate.value;
  const at = props.of.frameAt.value;
  const large = () => (enlarged.value = { caption: `${t("liveView")}, ${each.name}`, media: null, live: props.of });
  return (
    <div class="p-faces">
      <figure>
        {each.photo ? (
          <Thumb key={each.photo} media={each.photo} alt={`${t("identity")}, ${each.name}`} />
        ) : (
          <span class="p-picture"><span class="p-blank">{t("identityMissing")}</span></span>
        )}
        <figcaption>{t("identity")}</figcaption>
      </figure>
      <figure>
        <button type="button" class="p-thumb" onClick={large}>
          <Live of={props.of} alt="" />
          <span class="visually-hidden">{t("enlarge", { what: t("liveView") })}</span>
        </button>
        <figcaption>{at === null ? t("liveView") : t("liveAt", { time: moment(at) })}</figcaption>
      </figure>
    </div>
  );
}

function Line(props: { of: Entry }) {
  const each = props.of;
  const incident = each.incident && each.kind === "incident" ? incidents.value.get(each.incident) : undefined;
  return (
    <li class={`p-entry p-entry-${each.kind}`}>
      <p class="p-line"><time dateTime={new Date(each.at).toISOString()}>{moment(each.at)}</time>{incident && <SeverityMark severity={incident.severity} />}</p>
      <p><b>{each.title}</b>{each.detail && <><br />{each.detail}</>}</p>
      {each.media.length > 0 && (
        <ul class="p-thumbs">
          {each.media.map((media) => <li key={media}><Thumb media={media} alt={t("evidenceOf", { title: each.title, time: moment(each.at) })} /></li>)}
        </ul>
      )}
    </li>
  );
}

function Timeline(props: { attempt: string }) {
  const entries = useSignal<Entry[] | null>(null);
  const failed = useSignal(false);
  const n = stirred.value.attempt === props.attempt ? stirred.value.n : 0;
  const first = useRef(true);
  useEffect(() => {
    let gone = false;
    const read = () =>
      readTimeline(props.attempt)
        .then((told) => {
          if (gone) return;
          entries.value = told.entries.slice().reverse();
          failed.value = false;
          takeCandidate(told.candidate);
        })
        .catch(() => (failed.value = !gone));
    const wait = setTimeout(() => void read(), first.current ? 0 : REST_MS);
    first.current = false;
    return () => {
      gone = true;
      clearTimeout(wait);
    };
  }, [props.attempt, n]);
  return (
    <section aria-labelledby="p-timeline-title">
      <h3 id="p-timeline-title">{t("timeline")}</h3>
      {failed.value && <p class="notice notice-warn">{t("timelineFailed")}</p>}
      {entries.value?.length === 0 && <p class="quiet">{t("timelineEmpty")}</p>}
      <ol class="timeline p-timeline" data-testid="timeline" aria-busy={entries.value === null}>
        {entries.value?.map((each) => <Line key={`${each.at}-${each.kind}-${each.title}-${each.incident ?? ""}`} of={each} />)}
      </ol>
    </section>
  );
}

function Others(props: { attempt: string; but: string | null }) {
  const rest = [...incidents.value.values()].filter((each) => each.attempt === props.attempt && each.id !== props.but && waits(each));
  if (rest.length === 0) return null;
  return (
    <section aria-labelledby="p-others-title">
      <h3 id="p-others-title">{t("othersOpen")}</h3>
      <ul class="p-others">
        {rest.map((each) => (
          <li key={each.id}>
            <SeverityMark severity={each.severity} />
            <span>{each.title}</span>
            <button type="button" class="button button-secondary" onClick={() => (opened.value = { attempt: props.attempt, incident: each.id })}>
              {t("examine")}<span class="visually-hidden">: {each.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Panel() {
  const now = opened.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const of = now && known.get(now.attempt);
  // before the effects of what is inside, which move the focus
  useLayoutEffect(() => {
    if (of && dialog.current && !dialog.current.open) dialog.current.showModal();
  }, [now?.attempt]);
  if (!now || !of) return null;
  const close = () => (opened.value = null);
  const each = of.candidate.value;
  const left = remainingOf(of, tick.value);
  const incident = now.incident ? incidents.value.get(now.incident) : undefined;
  return (
    <dialog ref={dialog} key={now.attempt} class="p-panel" data-testid="panel" aria-labelledby="p-panel-title" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div class="p-panel-in">
        <header class="p-panel-head">
          <div>
            <h2 id="p-panel-title">{each.name}</h2>
            <p class="p-number">{each.number}</p>
          </div>
          <button type="button" class="button button-secondary" onClick={close}>{t("close")}</button>
        </header>
        <p class="p-line">
          <PhaseMark phase={each.phase} />
          <span>{t("answered", { n: each.answered, total: each.total })}</span>
          {left !== null && <span class="p-left">{t("remaining", { time: countdown(left) })}</span>}
        </p>
        <p class="visually-hidden" aria-live="polite">{announcement.value}</p>
        <Faces of={of} />
        {incident && <Examine key={incident.id} of={incident} />}
        <Others attempt={now.attempt} but={now.incident} />
        <section class="p-actions" aria-labelledby="p-actions-title">
          <h3 id="p-actions-title">{t("actions")}</h3>
          <Clock of={each} />
          <GiveTime of={each} />
          <Write to={each} />
          <End of={each} />
        </section>
        <Timeline key={now.attempt} attempt={now.attempt} />
      </div>
    </dialog>
  );
}
