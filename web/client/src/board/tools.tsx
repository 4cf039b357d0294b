// Above the table: connection in words, search, order, the hall display. What is said aloud is kept to the few things
// that a listener cannot know otherwise: that the connection broke or came back, and how many rows a search found.

import { signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { hall, scrolling, toggleHall } from "./hall";
import { changedAt, connection, rows } from "./live";
import { ordered, search, sortBy, sorting } from "./order";
import { clockTime } from "../locale";
import { t } from "./words";

const SAY_AFTER_MS = 1_200;
const said = signal("");

function Status() {
  const now = connection.value;
  const time = changedAt.value ? clockTime(changedAt.value) : "";
  const text = now === "live" ? "" : now === "connecting" ? t("connecting") : time ? t("lost", { time }) : t("lostNever");
  return (
    <p class={`b-status is-${now}`} data-testid="board-connection" data-state={now}>
      {now === "live" ? (
        <><span class="b-dot" aria-hidden="true" /><b>{t("live")}</b> <span class="quiet">{t("liveAt", { time })}</span></>
      ) : (
        <><span class="b-dot" aria-hidden="true" />{text}</>
      )}
    </p>
  );
}

function Counts() {
  const all = rows.value;
  if (!all) return null;
  const finished = [...all.values()].filter((row) => row.phase !== "active" && row.phase !== "paused").length;
  const shown = ordered.value.length;
  return (
    <p class="b-counts quiet">
      {shown === all.size ? t("all", { n: all.size }) : t("shown", { n: shown, m: all.size })} · {t("finished", { n: finished })}
    </p>
  );
}

function Announcer() {
  const before = useRef(connection.value);
  useSignalEffect(() => {
    const now = connection.value;
    if (now === "lost") said.value = t("lostSaid");
    if (now === "live" && before.current === "lost") said.value = t("backSaid");
    before.current = now;
  });
  useSignalEffect(() => {
    if (search.value === "") return undefined;
    const later = setTimeout(() => {
      said.value = t("shown", { n: ordered.peek().length, m: rows.peek()?.size ?? 0 });
    }, SAY_AFTER_MS);
    return () => clearTimeout(later);
  });
  return <p class="visually-hidden" role="status">{said.value}</p>;
}

export function Tools() {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <div class="b-line"><Status /><Counts /></div>
      <div class="b-controls">
        <div class="b-search">
          <label for="board-search">{t("filter")}</label>
          <span class="b-search-field">
            <input
              ref={field}
              class="input"
              id="board-search"
              type="text"
              inputMode="text"
              autoComplete="off"
              spellcheck={false}
              maxLength={64}
              value={search.value}
              onInput={(event) => (search.value = event.currentTarget.value)}
            />
            {search.value !== "" && (
              <button type="button" class="b-clear" onClick={() => { search.value = ""; field.current?.focus(); }}>
                <span aria-hidden="true">✕</span><span class="visually-hidden">{t("clear")}</span>
              </button>
            )}
          </span>
        </div>
        <div class="b-order">
          <label for="board-order">{t("order")}</label>
          <select class="input" id="board-order" value={sorting.value} onChange={(event) => sortBy(event.currentTarget.value === "number" ? "number" : "total")}>
            <option value="total">{t("byTotal")}</option>
            <option value="number">{t("byNumber")}</option>
          </select>
        </div>
        <div class="b-buttons">
          {hall.value && (
            <button type="button" class="button button-secondary" data-testid="board-scroll" onClick={() => (scrolling.value = !scrolling.value)}>
              <span aria-hidden="true">{scrolling.value ? "❚❚" : "▶"}&nbsp;</span>{t(scrolling.value ? "pause" : "resume")}
            </button>
          )}
          <button type="button" class="button button-secondary" data-testid="board-hall" onClick={() => toggleHall(!hall.value)}>
            {t(hall.value ? "leaveHall" : "hall")}
          </button>
        </div>
      </div>
      <Announcer />
    </>
  );
}
