// The table, in the same form as the server's. A row that changes its place glides there; a total that changed is marked
// for a moment; a movement is also told in words beside the place.

import { useLayoutEffect, useRef } from "preact/hooks";
import { beat, MARK_MS, meta, rows, touched, type Row } from "./live";
import { moved, ordered, search, sorting } from "./order";
import { points, t } from "./words";

const GLIDE_MS = 900;
const MOST_GLIDES = 120; // beyond this many at once nobody could follow them
const still = matchMedia("(prefers-reduced-motion: reduce)");

const KINDS: Record<Row["phase"], string> = {
  preparing: "tag",
  active: "tag tag-info",
  paused: "tag tag-warn",
  submitted: "tag tag-good",
  expired: "tag",
  terminated: "tag tag-bad",
};

function Result(props: { row: Row }) {
  const { phase, passed } = props.row;
  if (phase === "terminated") return <span class="tag tag-warn">{t("withheld")}</span>;
  if (passed === null) return <span class="quiet">–<span class="visually-hidden"> {t("unknown")}</span></span>;
  return <span class={`tag ${passed ? "tag-good" : "tag-bad"}`}>{t(passed ? "passed" : "failed")}</span>;
}

function Place(props: { place: number; by: number }) {
  const { place, by } = props;
  return (
    <td class="num b-place">
      {place}
      {by !== 0 && (
        <span class={`b-move ${by > 0 ? "is-up" : "is-down"}`}>
          <span aria-hidden="true">{by > 0 ? "▲" : "▼"}{Math.abs(by)}</span>
          <span class="visually-hidden"> {t(by > 0 ? "up" : "down", { n: Math.abs(by) })}</span>
        </span>
      )}
    </td>
  );
}

function Line(props: { row: Row; place: number; by: number; fresh: boolean; codes: string[] }) {
  const { row, codes } = props;
  return (
    <tr data-number={row.number} class={props.fresh ? "is-fresh" : ""}>
      <Place place={props.place} by={props.by} />
      <th scope="row" class="b-number">{row.number}</th>
      {codes.map((code) => <td key={code} class="num b-section" data-label={code}>{points(row.total === null ? null : row.sections[code] ?? 0)}</td>)}
      <td class="num b-total" data-label={t("total")}>{points(row.total)}</td>
      <td class="b-state"><span class={KINDS[row.phase]}>{t(row.phase)}</span> <span class="b-answered">{t("answered", { n: row.answered, m: row.items })}</span></td>
      <td class="b-result"><Result row={row} /></td>
    </tr>
  );
}

function useGlide(body: { current: HTMLTableSectionElement | null }, signature: string): void {
  const before = useRef(new Map<string, number>());
  useLayoutEffect(() => {
    const lines = [...(body.current?.rows ?? [])];
    const after = new Map(lines.map((line) => [line.dataset.number ?? "", line.offsetTop]));
    const far = lines.filter((line) => {
      const old = before.current.get(line.dataset.number ?? "");
      return old !== undefined && old !== line.offsetTop;
    });
    if (!still.matches && far.length <= MOST_GLIDES) {
      for (const line of far) {
        const by = (before.current.get(line.dataset.number ?? "") ?? 0) - line.offsetTop;
        line.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: GLIDE_MS, easing: "ease-in-out" });
      }
    }
    before.current = after;
  }, [signature]);
}

export function Table(props: { titles: Record<string, string> }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const shown = ordered.value;
  void beat.value;
  useGlide(body, shown.map((each) => each.row.number).join(" "));
  if (rows.value?.size === 0) return <div class="empty"><h2>{t("none")}</h2><p>{t("noneText")}</p></div>;
  if (shown.length === 0 && search.value) return <div class="empty"><h2>{t("noMatch")}</h2><p>{t("noMatchText")}</p></div>;
  const codes = (meta.value?.sections ?? []).map((section) => section.code);
  const present = Date.now();
  return (
    <table class="b-table" data-testid="board-table">
      <caption class="visually-hidden">{t("caption")}</caption>
      <thead>
        <tr>
          <th scope="col" class="num">{t("place")}</th>
          <th scope="col">{t("number")}</th>
          {codes.map((code) => <th key={code} scope="col" class="num"><abbr title={props.titles[code] ?? code}>{code}</abbr></th>)}
          <th scope="col" class="num">{t("total")}</th>
          <th scope="col">{t("state")}</th>
          <th scope="col">{t("result")}</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {shown.map(({ row, place }) => (
          <Line
            key={row.number}
            row={row}
            place={place}
            by={sorting.value === "total" ? moved.value.get(row.number) ?? 0 : 0}
            fresh={present - (touched.get(row.number) ?? 0) < MARK_MS}
            codes={codes}
          />
        ))}
      </tbody>
    </table>
  );
}
