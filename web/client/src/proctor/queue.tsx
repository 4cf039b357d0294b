// The queue of incidents: the gravest first, then the newest; a row opens the candidate with the evidence.

import { useRef } from "preact/hooks";
import { Icon, SeverityMark } from "./marks";
import { incidents, listed, opened, queue, queueFilter, waitingCount } from "./store";
import type { Incident } from "./types";
import { moment, t } from "./words";

export const spanOf = (each: Incident): string =>
  each.closed_at === null
    ? `${t("since", { from: moment(each.opened_at) })} · ${t("ongoing")}`
    : t("until", { from: moment(each.opened_at), to: moment(each.closed_at) });

export const decisionOf = (each: Incident): string | null =>
  each.review && t("decidedBy", { decision: t(each.review.decision), by: each.review.by, time: moment(each.review.at) });

function Row(props: { of: Incident }) {
  const each = props.of;
  const decided = decisionOf(each);
  return (
    <li>
      <button
        type="button"
        class={`p-incident is-${each.severity}${decided ? " is-decided" : ""}`}
        data-testid={`incident-${each.kind}`}
        data-kind={each.kind}
        data-number={each.number}
        aria-haspopup="dialog"
        onClick={() => (opened.value = { attempt: each.attempt, incident: each.id })}
      >
        <span class="p-line">
          <SeverityMark severity={each.severity} />
          <span class="p-when">{moment(each.opened_at)}</span>
        </span>
        <b class="p-title">{each.title}</b>
        <span class="p-who">{each.name} <span class="p-number">{each.number}</span></span>
        <span class="p-summary">{each.summary}</span>
        <span class="p-line p-figures">
          <span class="p-evidence"><Icon name="camera" />{each.media.length > 0 ? t("pictures", { n: each.media.length }) : t("noPictures")}</span>
          <span>{decided ?? (each.closed_at === null ? t("ongoing") : "")}</span>
        </span>
      </button>
    </li>
  );
}

export function Queue() {
  const list = useRef<HTMLOListElement>(null);
  const rows = listed.value;
  const leave = (event: FocusEvent) => {
    if (!list.current?.contains(event.relatedTarget as Node | null)) queue.hold("focus", false);
  };
  return (
    <>
      <p class="p-verdict">{t("verdict")}</p>
      <div class="p-filters" role="group" aria-label={t("incidents")}>
        {(["waiting", "all"] as const).map((each) => (
          <button key={each} type="button" class="p-chip" aria-pressed={queueFilter.value === each} onClick={() => (queueFilter.value = each)}>
            {each === "waiting" ? t("waiting", { n: waitingCount.value }) : t("allIncidents", { n: incidents.value.size })}
          </button>
        ))}
      </div>
      {rows.length === 0 ? (
        <div class="empty p-empty-queue">
          <h3>{t(incidents.value.size === 0 ? "queueNone" : "queueEmpty")}</h3>
          <p>{t("queueEmptyText")}</p>
        </div>
      ) : (
        <ol
          ref={list} class="p-queue-list"
          onMouseEnter={() => queue.hold("mouse", true)} onMouseLeave={() => queue.hold("mouse", false)}
          onFocusIn={() => queue.hold("focus", true)} onFocusOut={leave}
        >
          {rows.map((each) => <Row key={each.id} of={each} />)}
        </ol>
      )}
    </>
  );
}
