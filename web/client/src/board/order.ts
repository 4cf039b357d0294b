// The order of the rows: new points show at once, but places move only every few seconds, so that a line can be read.

import { computed, effect, signal } from "@preact/signals";
import { meta, rows, type Row } from "./live";

const SETTLE_MS = 4_000;
const MARK_MS = 12_000; // how long "up 3" stands

export const sorting = signal<"total" | "number">("total");
export const search = signal("");
const settled = signal<string[]>([]); // numbers, by place
export const moved = signal<ReadonlyMap<string, number>>(new Map()); // places won (+) or lost (-) lately
const forgetAt = new Map<string, number>();

// As the server: the highest total first, equal ones by the tie sections, then by number; those without points last.
function byPoints(a: Row, b: Row): number {
  if (a.total === null || b.total === null) return Number(a.total === null) - Number(b.total === null) || byNumber(a, b);
  const of = (row: Row) => [Number(row.total), ...(meta.peek()?.ties ?? []).map((code) => Number(row.sections[code] ?? 0))];
  const own = of(b);
  return of(a).map((points, index) => (own[index] ?? 0) - points).find((gap) => gap !== 0) ?? byNumber(a, b);
}

const byNumber = (a: Row, b: Row): number => a.number.localeCompare(b.number);

const compare: Record<"total" | "number", (a: Row, b: Row) => number> = {
  total: byPoints,
  number: byNumber,
};

function settle(): void {
  const now = rows.peek();
  if (!now) return;
  const by = sorting.peek();
  const next = [...now.values()].sort(compare[by]).map((row) => row.number);
  const before = new Map(settled.peek().map((number, index) => [number, index]));
  const marks = new Map(moved.peek());
  const at = Date.now();
  for (const [number, until] of forgetAt) {
    if (until < at) {
      marks.delete(number);
      forgetAt.delete(number);
    }
  }
  if (by === "total") {
    next.forEach((number, index) => {
      const old = before.get(number);
      if (old === undefined || old === index) return;
      marks.set(number, old - index);
      forgetAt.set(number, at + MARK_MS);
    });
  } else {
    marks.clear();
    forgetAt.clear();
  }
  moved.value = marks;
  if (next.length !== before.size || next.some((number, index) => before.get(number) !== index)) settled.value = next;
}

export function sortBy(by: "total" | "number"): void {
  sorting.value = by;
  settled.value = []; // a change of order is no movement of the participants
  settle();
}

export function keepOrder(): void {
  setInterval(settle, SETTLE_MS);
  effect(() => {
    // somebody new is shown at once
    if (rows.value && rows.value.size !== settled.peek().length) settle();
  });
}

export const ordered = computed<{ row: Row; place: number }[]>(() => {
  const now = rows.value;
  if (!now) return [];
  const wanted = search.value.replace(/\s/g, "").toUpperCase();
  return settled.value
    .map((number, index) => ({ row: now.get(number), place: index + 1 }))
    .filter((each): each is { row: Row; place: number } => each.row !== undefined)
    .filter(({ row }) => wanted === "" || row.number.toUpperCase().includes(wanted));
});
