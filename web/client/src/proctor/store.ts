// What the console knows. Pictures come a hundred a second in a large session, so each candidate is a signal of its own
// and a picture moves nothing but its tile; what changes the list as a whole bumps `revision`.

import { batch, computed, signal, type Signal } from "@preact/signals";
import { over, weight, type Candidate, type Incident, type Me, type Proposal, type Session, type SessionState } from "./types";
import { t } from "./words";

export type Filter = "all" | "attention" | "active" | "paused" | "preparing" | "ended";
export const FILTERS: readonly Filter[] = ["all", "attention", "active", "paused", "preparing", "ended"];

export type Known = { candidate: Signal<Candidate>; frameAt: Signal<number | null>; at: number };

export const session = signal<Session | null>(null);
export const known = new Map<string, Known>();
export const incidents = signal<ReadonlyMap<string, Incident>>(new Map());
export const proposals = signal<ReadonlyMap<string, Proposal>>(new Map());
export const me = signal<Me>({ username: "", lead: false });
export const decided = signal(""); // how the last proposal that was open here ended
export const revision = signal(0);
export const filter = signal<Filter>("all");
export const search = signal("");
export const queueFilter = signal<"waiting" | "all">("waiting");
export const opened = signal<{ attempt: string; incident: string | null } | null>(null);
export const announcement = signal("");
export const stirred = signal<{ attempt: string; n: number }>({ attempt: "", n: 0 }); // whose timeline may have grown

let offset = 0; // the server's clock minus ours
export const serverNow = (): number => Date.now() + offset;
export const tick = signal(Date.now());
setInterval(() => {
  tick.value = Date.now();
}, 1000);

export const needsLook = (each: Candidate): boolean => each.open_incidents > 0;
const rank = (each: Candidate): number => (needsLook(each) && each.worst ? weight(each.worst) : 0);

const TESTS: Record<Filter, (each: Candidate) => boolean> = {
  all: () => true,
  attention: needsLook,
  active: (each) => each.phase === "active",
  paused: (each) => each.phase === "paused",
  preparing: (each) => each.phase === "preparing",
  ended: (each) => over(each.phase),
};

const everybody = (): Candidate[] => [...known.values()].map((each) => each.candidate.peek());

export const counts = computed<Record<Filter, number>>(() => {
  void revision.value;
  const all = everybody();
  return Object.fromEntries(FILTERS.map((each) => [each, all.filter(TESTS[each]).length])) as Record<Filter, number>;
});

// Gravest first, then by name. While somebody points at the list or is in it with the keyboard it holds still.
class Ordered {
  readonly ids = signal<string[]>([]);
  private holds = new Set<string>();
  constructor(private readonly sorted: () => string[]) {}

  hold(why: string, on: boolean): void {
    if (on) this.holds.add(why);
    else this.holds.delete(why);
    if (!on) this.settle();
  }

  settle(): void {
    const wanted = this.sorted();
    const before = this.ids.peek();
    if (this.holds.size === 0 || before.length === 0) {
      if (wanted.join() !== before.join()) this.ids.value = wanted;
      return;
    }
    const present = new Set(wanted);
    const kept = before.filter((each) => present.has(each));
    const standing = new Set(kept);
    const added = wanted.filter((each) => !standing.has(each));
    if (added.length > 0 || kept.length < before.length) this.ids.value = [...kept, ...added];
  }
}

export const grid = new Ordered(() =>
  everybody()
    .sort((a, b) => rank(b) - rank(a) || a.name.localeCompare(b.name) || a.number.localeCompare(b.number))
    .map((each) => each.attempt),
);
export const queue = new Ordered(() =>
  [...incidents.peek().values()]
    .sort((a, b) => weight(b.severity) - weight(a.severity) || b.opened_at - a.opened_at)
    .map((each) => each.id),
);

export const shown = computed<string[]>(() => {
  void revision.value;
  const wanted = search.value.trim().toLowerCase();
  return grid.ids.value.filter((attempt) => {
    const each = known.get(attempt)?.candidate.peek();
    if (!each || !TESTS[filter.value](each)) return false;
    return !wanted || each.name.toLowerCase().includes(wanted) || each.number.toLowerCase().includes(wanted);
  });
});
// A remark is kept for the record; it asks nobody to look.
export const waits = (each: Incident): boolean => each.review === null && each.severity !== "info";
export const listed = computed<Incident[]>(() =>
  queue.ids.value
    .map((each) => incidents.value.get(each))
    .filter((each): each is Incident => each !== undefined && (queueFilter.value === "all" || waits(each))),
);
export const waitingCount = computed(() => [...incidents.value.values()].filter(waits).length);

let pending = 0;
function settle(): void {
  clearTimeout(pending);
  pending = 0;
  batch(() => {
    revision.value += 1;
    grid.settle();
    queue.settle();
  });
}
function changed(): void {
  pending ||= window.setTimeout(settle, 120); // one painting for the many changes of a burst
}

export function takeCandidate(each: Candidate): void {
  const before = known.get(each.attempt);
  if (before) {
    if (before.candidate.peek().phase !== each.phase) stir(each.attempt);
    before.at = Date.now();
    before.candidate.value = each;
    takeFrame(each.attempt, each.frame_at);
  } else {
    known.set(each.attempt, { candidate: signal(each), frameAt: signal(each.frame_at), at: Date.now() });
  }
  changed();
}

export function takeFrame(attempt: string, at: number | null): void {
  const frame = known.get(attempt)?.frameAt;
  if (frame && at !== null && at > (frame.peek() ?? 0)) frame.value = at;
}

export function stir(attempt: string): void {
  if (opened.peek()?.attempt === attempt) stirred.value = { attempt, n: stirred.peek().n + 1 };
}

// Only what is new and urgent; everything else can be found when somebody looks.
function announce(each: Incident): void {
  const urgent = each.severity === "high" && each.review === null && incidents.peek().get(each.id)?.severity !== "high";
  if (urgent) announcement.value = t("announce", { title: each.title, name: each.name });
}

export function takeIncident(each: Incident): void {
  announce(each);
  incidents.value = new Map(incidents.peek()).set(each.id, each);
  stir(each.attempt);
  changed();
}

// A request that waits for a second person is told to everybody who could be that person.
export function takeProposal(each: Proposal): void {
  const before = proposals.peek().get(each.id);
  if (before?.state === "open" && each.state !== "open") announcement.value = decided.value = t(`decided_${each.state}`, { n: each.done });
  if (!before && each.state === "open" && !each.agreed.includes(me.peek().username)) announcement.value = t(`asked_${each.kind}`, { by: each.by });
  proposals.value = new Map(proposals.peek()).set(each.id, each);
  each.attempts.forEach(stir);
}
export const openProposals = computed(() => [...proposals.value.values()].filter((each) => each.state === "open").sort((a, b) => a.at - b.at));

export function takeSession(told: SessionState): void {
  offset = told.now - Date.now();
  if (session.peek()) told.incidents.forEach(announce); // what came in a gap
  session.value = told.session;
  me.value = told.me;
  proposals.value = new Map(told.proposals.map((each) => [each.id, each]));
  incidents.value = new Map(told.incidents.map((each) => [each.id, each]));
  const present = new Set(told.candidates.map((each) => each.attempt));
  for (const attempt of known.keys()) if (!present.has(attempt)) known.delete(attempt);
  told.candidates.forEach(takeCandidate);
  settle();
}

// Seconds that a candidate has now: counted on from what the server said last.
export function remainingOf(each: Known, now: number): number | null {
  const { remaining_s: told, phase } = each.candidate.value;
  if (told === null) return null;
  return phase === "active" ? Math.max(0, told - (now - each.at) / 1000) : told;
}
