// The live grid: one tile per candidate; filters and search above it.

import { useRef } from "preact/hooks";
import { PhaseMark, SeverityMark } from "./marks";
import { Live } from "./picture";
import { counts, filter, FILTERS, grid, known, needsLook, opened, remainingOf, search, shown, tick, type Known } from "./store";
import { countdown } from "../locale";
import { t } from "./words";

function Remaining(props: { of: Known }) {
  const left = remainingOf(props.of, tick.value);
  return left === null ? null : <span class="p-left">{t("remaining", { time: countdown(left) })}</span>;
}

function Tile(props: { attempt: string }) {
  const of = known.get(props.attempt);
  if (!of) return null;
  const each = of.candidate.value;
  const grave = needsLook(each) && each.worst ? each.worst : null;
  return (
    <li class="p-cell">
      <button
        type="button"
        class={`p-tile${grave ? ` is-${grave}` : ""}`}
        data-testid={`tile-${each.number}`}
        data-phase={each.phase}
        aria-haspopup="dialog"
        onClick={() => (opened.value = { attempt: each.attempt, incident: null })}
      >
        <Live of={of} alt="" />
        <span class="p-who">
          <b>{each.name}</b>
          <span class="p-number">{each.number}</span>
        </span>
        <span class="p-line">
          <PhaseMark phase={each.phase} />
          {grave && <SeverityMark severity={grave} count={each.open_incidents} />}
        </span>
        <span class="p-line p-figures">
          <span>{t("answered", { n: each.answered, total: each.total })}</span>
          <Remaining of={of} />
        </span>
      </button>
    </li>
  );
}

function Empty(props: { title: string; text: string; onAll?: () => void }) {
  return (
    <div class="empty">
      <h3>{props.title}</h3>
      <p>{props.text}</p>
      {props.onAll && <button type="button" class="button button-secondary" onClick={props.onAll}>{t("showAll")}</button>}
    </div>
  );
}

export function Tools() {
  return (
    <div class="p-tools">
      <div class="form-row p-search">
        <label for="p-search">{t("searchLabel")}</label>
        <input
          id="p-search" class="input" type="search" autocomplete="off" spellcheck={false} value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      </div>
      <div class="p-filters" role="group" aria-label={t("filterLabel")}>
        {FILTERS.map((each) => (
          <button key={each} type="button" class="p-chip" aria-pressed={filter.value === each} onClick={() => (filter.value = each)}>
            {t(each)} <span class="p-count">{counts.value[each]}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

export function Grid() {
  const list = useRef<HTMLUListElement>(null);
  const leave = (event: FocusEvent) => {
    if (!list.current?.contains(event.relatedTarget as Node | null)) grid.hold("focus", false);
  };
  if (known.size === 0 && counts.value.all === 0) return <Empty title={t("noneYet")} text={t("noneYetText")} />;
  const tiles = shown.value;
  return (
    <>
      <p class="visually-hidden" role="status">{t("total", { n: tiles.length })}</p>
      {tiles.length === 0 ? (
        <Empty title={t("noneFound")} text={t("noneFoundText")} onAll={() => { filter.value = "all"; search.value = ""; }} />
      ) : (
        <ul
          ref={list} class="p-grid"
          onMouseEnter={() => grid.hold("mouse", true)} onMouseLeave={() => grid.hold("mouse", false)}
          onFocusIn={() => grid.hold("focus", true)} onFocusOut={leave}
        >
          {tiles.map((each) => <Tile key={each} attempt={each} />)}
        </ul>
      )}
    </>
  );
}
