// The stream of the board: rows by number, what changed lately, whether the connection holds.
// EventSource reconnects after a network failure by itself; after an HTTP refusal it gives up, so that is tried again here.

import { signal } from "@preact/signals";

export type Row = {
  number: string;
  sections: Record<string, number | string>;
  total: number | string | null; // null: withheld, and no sections
  phase: "preparing" | "active" | "paused" | "submitted" | "expired" | "terminated";
  passed: boolean | null;
  answered: number;
  items: number;
};
export type Meta = { sections: { code: string; max: number }[]; total_max: number; thresholds: Record<string, number>; ties: string[]; step: number };
export type Connection = "connecting" | "live" | "lost";

const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
const FLUSH_MS = 400; // one painting for the many changes of one tick
const GRACE_MS = 4_000; // a break shorter than this is not told: the browser mends it within two seconds

export const meta = signal<Meta | null>(null);
export const rows = signal<ReadonlyMap<string, Row> | null>(null);
export const connection = signal<Connection>("connecting");
export const changedAt = signal(0);
// When a row last changed its total, for the quiet mark on it; `beat` moves when a mark has to go.
export const touched = new Map<string, number>();
export const beat = signal(0);
export const MARK_MS = 2_500;

function merge(fresh: Row[], whole: boolean): void {
  const before = rows.value;
  const after = new Map(whole ? [] : before);
  for (const row of fresh) {
    const old = before?.get(row.number);
    if (old && String(old.total) !== String(row.total)) touched.set(row.number, Date.now());
    after.set(row.number, row);
  }
  rows.value = after;
  setTimeout(() => (beat.value += 1), MARK_MS + 50);
  changedAt.value = Date.now();
}

export function listen(address: string): void {
  let failures = 0;
  let waiting: Row[] = [];
  let flush = 0;
  let told = 0;
  let source: EventSource;
  let retry = 0;
  const lost = () => {
    told ||= window.setTimeout(() => (connection.value = "lost"), GRACE_MS);
  };
  const found = () => {
    clearTimeout(told);
    told = 0;
    failures = 0;
    connection.value = "live";
  };
  const open = () => {
    clearTimeout(retry);
    source = new EventSource(address);
    source.addEventListener("meta", (event) => (meta.value = JSON.parse(event.data) as Meta));
    source.addEventListener("rows", (event) => {
      waiting = [];
      found();
      merge(JSON.parse(event.data) as Row[], true);
    });
    source.addEventListener("row", (event) => {
      waiting.push(JSON.parse(event.data) as Row);
      flush ||= window.setTimeout(() => {
        flush = 0;
        if (waiting.length > 0) merge(waiting, false);
        waiting = [];
      }, FLUSH_MS);
    });
    source.addEventListener("error", () => {
      lost();
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 30_000;
      failures += 1;
      retry = window.setTimeout(open, pause * (0.75 + Math.random() / 2)); // not all screens of a hall at once
    });
  };
  open();
  // a network that goes without a word leaves the stream open and silent
  addEventListener("offline", lost);
  addEventListener("online", () => {
    source.close();
    open();
  });
}
