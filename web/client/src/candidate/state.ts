// What the pages of the candidate share, as signals.

import { computed, signal } from "@preact/signals";
import { Refused } from "../answers";
import { getJson } from "./api";
import { clockOffset, jumped, measured, serverNow, startFrom, stopwatch } from "./clock";
import { Queue } from "./queue";
import { recall } from "./recall";
import { Sync } from "./sync";
import { claim, onOtherTab } from "./tabs";
import { chosen, ENDED, type Bootstrap, type Item, type Message, type PciValue, type Receipt, type Standing, type State } from "./types";
import { forgetKey, Vault } from "./vault";

export const bootstrap = signal<Bootstrap | null>(null);
export const state = signal<State | null>(null);
export const queue = signal<Queue | null>(null);
export const sync = signal<Sync | null>(null);
export const responses = signal<Record<string, PciValue>>({});
export const flags = signal<ReadonlySet<string>>(new Set());
export const position = signal(1);
export const page = signal<"items" | "review">("items");
export const messages = signal<Message[]>([]);
export const receipt = signal<Receipt | null>(null);
export const tick = signal(serverNow());
// started without network: the server has yet to be asked how things stand
let recalled = false;
// when this page changed an item, by the stopwatch: what the server tells about the time before does not undo it
const touched = new Map<string, number>();

setInterval(() => {
  if (jumped()) void sync.value?.look();
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
const readOnly = () => ended.value || ["superseded", "logged-out"].includes(sync.value?.connection.value ?? "");

export const standing = (each: Item): "answered" | "blank" =>
  chosen(responses.value[each.ref]) ? "answered" : "blank";

const kept = (): Standing => ({
  responses: responses.value,
  flags: [...flags.value],
  state: state.value,
  offset: clockOffset(),
  receipt: receipt.value,
});

function onState(told: State): void {
  const before = state.value;
  state.value = told;
  if (before?.phase === "paused" && told.phase === "active") sync.value?.resumed();
  if (before?.phase !== told.phase || before.deadline !== told.deadline) queue.value?.saveStanding();
  if (recalled) void load().catch(() => undefined);
}

const onMessage = (message: Message): void => {
  if (!messages.value.some((each) => each.id === message.id)) messages.value = [...messages.value, message];
};

export function acknowledge(message: Message): void {
  queue.value?.markRead(message.id);
  messages.value = messages.value.filter((each) => each.id !== message.id);
}

// From the server; where it cannot be reached, from what this device keeps.
export async function load(): Promise<void> {
  const sent = stopwatch();
  let told: Bootstrap;
  try {
    told = await getJson<Bootstrap>("/api/seat/bootstrap");
  } catch (error) {
    if (queue.value || (error instanceof Refused && error.status < 500)) throw error;
    const found = await recall();
    if (!found) throw error;
    startFrom(found.standing.offset);
    recalled = true;
    receipt.value = found.standing.receipt;
    const { responses: over, flags: marked, state: last } = found.standing;
    await take({ ...found.told, responses: over, flags: marked, state: last ?? found.told.state }, sent);
    return;
  }
  measured(sent, stopwatch(), told.state.now);
  recalled = false;
  await take(told, sent);
}

// The server's answers first, then what this device has not yet had acknowledged, then what was changed meanwhile.
export async function take(told: Bootstrap, asked = stopwatch()): Promise<void> {
  if (queue.value && queue.value.attempt !== told.attempt.id) {
    location.reload(); // somebody else logged in while this page slept in the back/forward cache
    return;
  }
  const first = queue.value === null;
  const own = queue.value ?? (await begin(told));
  own.heard(told.attempt.last_revision);
  const over = { ...told.responses };
  const marked = new Set(told.flags);
  for (const op of own.pending) {
    if (op.kind === "respond" && op.value) over[op.item] = op.value;
    if (op.kind === "flag") op.flagged ? marked.add(op.item) : marked.delete(op.item);
  }
  for (const [ref, at] of touched) {
    if (at < asked) continue;
    if (responses.value[ref]) over[ref] = responses.value[ref];
    flags.value.has(ref) ? marked.add(ref) : marked.delete(ref);
  }
  responses.value = over;
  flags.value = marked;
  state.value = told.state;
  messages.value = told.messages.filter((each) => !own.hasRead(each.id));
  const started = (bootstrap.value?.items.length ?? 0) > 0;
  bootstrap.value = told;
  if (!started) {
    const firstBlank = told.items.findIndex((each) => standing(each) === "blank") + 1;
    position.value = Math.min(own.place ?? Math.max(1, firstBlank), Math.max(1, told.items.length));
  }
  if (told.items.length > 0 && !recalled) void own.savePackage(told);
  own.saveStanding();
  if (first) sync.value?.start();
}

async function begin(told: Bootstrap): Promise<Queue> {
  const vault = await Vault.open(told.attempt.id, told.device?.key);
  const own = await Queue.open(told.attempt.id, told.attempt.last_revision, vault, kept);
  const sending = new Sync(own, { onState, onMessage, onReceipt: (newest) => (receipt.value = newest) });
  claim(own.client);
  onOtherTab(() => sending.lose("superseded"));
  queue.value = own;
  sync.value = sending;
  return own;
}

// The page comes back from the back/forward cache: its socket is dead, its state is old.
addEventListener("pageshow", (event) => {
  if (event.persisted && queue.value) void load().then(() => sync.value?.look()).catch(() => sync.value?.look());
});

// Counted at once, so that nothing is called saved while it is being written here.
async function keep(change: Parameters<Queue["add"]>[0]): Promise<void> {
  const written = queue.value?.add(change, serverNow());
  sync.value?.count();
  await written;
  sync.value?.added();
}

export async function respond(each: Item, option: string): Promise<void> {
  if (readOnly()) return;
  const value: PciValue = { base: { identifier: option } };
  touched.set(each.ref, stopwatch());
  responses.value = { ...responses.value, [each.ref]: value };
  await keep({ kind: "respond", item: each.ref, value });
}

export async function toggleFlag(each: Item): Promise<void> {
  if (readOnly()) return;
  const flagged = !flags.value.has(each.ref);
  const marked = new Set(flags.value);
  flagged ? marked.add(each.ref) : marked.delete(each.ref);
  touched.set(each.ref, stopwatch());
  flags.value = marked;
  await keep({ kind: "flag", item: each.ref, flagged });
}

// At the end and at a log-out: the items, the answers and the key leave the device.
export async function wipe(): Promise<void> {
  sync.value?.stop();
  const own = queue.value;
  if (!own) return;
  await own.wipe();
  forgetKey(own.attempt);
}

export function go(to: number): void {
  const count = bootstrap.value?.items.length ?? 0;
  if (to < 1 || to > count) return;
  position.value = to;
  page.value = "items";
  queue.value?.remember(to);
}
