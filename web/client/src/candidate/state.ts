// What the pages of the candidate share, as signals.

import { computed, signal } from "@preact/signals";
import { getJson } from "./api";
import { measured, serverNow } from "./clock";
import { Queue } from "./queue";
import { Sync } from "./sync";
import { chosen, ENDED, type Bootstrap, type Item, type Message, type PciValue, type State } from "./types";

export const bootstrap = signal<Bootstrap | null>(null);
export const state = signal<State | null>(null);
export const queue = signal<Queue | null>(null);
export const sync = signal<Sync | null>(null);
export const responses = signal<Record<string, PciValue>>({});
export const flags = signal<ReadonlySet<string>>(new Set());
export const position = signal(1);
export const page = signal<"items" | "review">("items");
export const messages = signal<Message[]>([]);
export const tick = signal(serverNow());

setInterval(() => {
  tick.value = serverNow();
}, 250);

export const remaining = computed<number | null>(() => {
  const now = state.value;
  if (!now) return null;
  if (now.phase === "paused") return now.remaining_s;
  return now.deadline === null ? null : Math.max(0, (now.deadline - tick.value) / 1000);
});

export const item = computed<Item | undefined>(() => bootstrap.value?.items[position.value - 1]);
export const ended = computed(() => state.value !== null && ENDED.includes(state.value.phase));

export const standing = (each: Item): "answered" | "blank" =>
  chosen(responses.value[each.ref]) ? "answered" : "blank";

function onState(told: State): void {
  const before = state.value?.phase;
  state.value = told;
  if (before === "paused" && told.phase === "active") sync.value?.resumed();
}

const onMessage = (message: Message): void => {
  if (!messages.value.some((each) => each.id === message.id)) messages.value = [...messages.value, message];
};

export function acknowledge(message: Message): void {
  queue.value?.markRead(message.id);
  messages.value = messages.value.filter((each) => each.id !== message.id);
}

export async function load(): Promise<void> {
  const sent = Date.now();
  const told = await getJson<Bootstrap>("/api/seat/bootstrap");
  measured(sent, Date.now(), told.state.now);
  await take(told);
}

// The server's answers first, then what this device has not yet had acknowledged.
export async function take(told: Bootstrap): Promise<void> {
  if (!queue.value) {
    queue.value = await Queue.open(told.attempt.id, told.attempt.last_revision);
    sync.value = new Sync(queue.value, onState, onMessage);
    sync.value.start();
  }
  const over = { ...told.responses };
  const marked = new Set(told.flags);
  for (const op of queue.value.pending) {
    if (op.kind === "respond" && op.value) over[op.item] = op.value;
    if (op.kind === "flag") op.flagged ? marked.add(op.item) : marked.delete(op.item);
  }
  responses.value = over;
  flags.value = marked;
  state.value = told.state;
  const kept = queue.value;
  messages.value = told.messages.filter((each) => !kept.hasRead(each.id));
  bootstrap.value = told;
  const firstBlank = told.items.findIndex((each) => standing(each) === "blank") + 1;
  position.value = Math.min(queue.value.place ?? Math.max(1, firstBlank), Math.max(1, told.items.length));
}

export async function respond(each: Item, option: string): Promise<void> {
  const value: PciValue = { base: { identifier: option } };
  responses.value = { ...responses.value, [each.ref]: value };
  await queue.value?.add({ kind: "respond", item: each.ref, value }, serverNow());
  sync.value?.added();
}

export async function toggleFlag(each: Item): Promise<void> {
  const flagged = !flags.value.has(each.ref);
  const marked = new Set(flags.value);
  flagged ? marked.add(each.ref) : marked.delete(each.ref);
  flags.value = marked;
  await queue.value?.add({ kind: "flag", item: each.ref, flagged }, serverNow());
  sync.value?.added();
}

export function go(to: number): void {
  const count = bootstrap.value?.items.length ?? 0;
  if (to < 1 || to > count) return;
  position.value = to;
  page.value = "items";
  queue.value?.remember(to);
}
