// The durable queue: every operation is written to IndexedDB before anybody is told that it is kept here, and deleted
// only when the server has acknowledged it. Each page has an identity of its own and counts from 1: neither a fresh
// profile nor a second tab can take the numbers of another. What an earlier page left is sent under that page's name.

import { Storage, type Database, type Row } from "./storage";
import type { Op } from "./types";
import type { Vault } from "./vault";

type Form = { language: string; sealed: ArrayBuffer };
export type Kept = Op & { client: string; late: boolean };
const all = (attempt: string): IDBKeyRange => IDBKeyRange.bound([attempt, ""], [attempt, "\uffff"]);

export const newId = (): string => {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

export class Queue {
  readonly client = newId();
  readonly storage: Storage;
  private seq = 0;
  private waiting: Kept[] = [];
  private read: string[] = [];
  private form: Form | null = null;
  private writing: Promise<unknown> = Promise.resolve();
  place: number | null = null;

  // `standing`: what a page without network must know besides the items; written together with each operation.
  private constructor(
    readonly attempt: string,
    private rev: number,
    private readonly vault: Vault,
    private readonly standing: () => unknown,
  ) {
    this.storage = new Storage((db) => this.writeAll(db));
  }

  static async open(attempt: string, lastRevision: number, vault: Vault, standing: () => unknown): Promise<Queue> {
    const queue = new Queue(attempt, lastRevision, vault, standing);
    await queue.storage.use(async (db) => {
      await forgetOthers(db, attempt);
      await db.put("kept", attempt, "current");
      queue.place = ((await db.get("kept", `${attempt}:place`)) as number | undefined) ?? null;
      queue.read = ((await db.get("kept", `${attempt}:read`)) as string[] | undefined) ?? [];
    });
    await queue.adopt();
    void navigator.storage?.persist?.().catch(() => false);
    return queue;
  }

  // What other pages of this profile left unsent. Returns whether there was any.
  async adopt(): Promise<boolean> {
    const rows = (await this.storage.use((db) => db.getAll("ops", all(this.attempt)))) ?? [];
    const known = new Set(this.waiting.map((each) => `${each.client}:${each.seq}`));
    const left: Kept[] = [];
    for (const row of rows) {
      if (row.client === this.client || known.has(`${row.client}:${row.seq}`)) continue;
      const op = await this.vault.open<Op>(row.op);
      if (op) left.push({ ...op, client: row.client, late: row.late });
    }
    this.rev = left.reduce((most, op) => Math.max(most, op.rev), this.rev);
    this.waiting = [...left, ...this.waiting].sort((a, b) => a.rev - b.rev);
    return left.length > 0;
  }

  // The attempt may have been worked at on another device.
  heard(lastRevision: number): void {
    this.rev = Math.max(this.rev, lastRevision);
  }

  get pending(): readonly Kept[] {
    return this.waiting.filter((op) => !op.late);
  }

  // Refused because they came too late: kept for the emergency file.
  get late(): readonly Kept[] {
    return this.waiting.filter((op) => op.late);
  }

  // The next message: operations of one page, in their order.
  batch(limit: number): { client: string; ops: Op[] } | null {
    const client = this.pending[0]?.client;
    if (!client) return null;
    const own = this.pending.filter((op) => op.client === client).sort((a, b) => a.seq - b.seq);
    return { client, ops: own.slice(0, limit).map(({ client: _page, late: _late, ...op }) => op) };
  }

  async add(change: Pick<Op, "kind" | "item" | "value" | "flagged">, at: number): Promise<void> {
    const op: Kept = { ...change, seq: ++this.seq, rev: ++this.rev, at, client: this.client, late: false };
    this.waiting = [...this.waiting, op];
    await this.inTurn(() => this.write([op]));
  }

  saveStanding(): void {
    void this.inTurn(() => this.write([]));
  }

  // The items, so that a reload without network finds them; a device without room for them still keeps the answers.
  async savePackage(told: unknown): Promise<void> {
    if (!this.vault.closed) return;
    const sealed = await this.vault.seal(told);
    await this.storage.use((db) => db.put("kept", sealed, `${this.attempt}:package`).catch(() => undefined));
  }

  // The sealed form of a session that has not begun; the server has sealed it.
  async keepForm(language: string, sealed: ArrayBuffer): Promise<void> {
    this.form = { language, sealed };
    await this.storage.use((db) => db.put("kept", this.form, `${this.attempt}:form`));
  }

  async keptForm(language: string): Promise<ArrayBuffer | null> {
    this.form ??= ((await this.storage.use((db) => db.get("kept", `${this.attempt}:form`))) ?? null) as Form | null;
    return this.form?.language === language ? this.form.sealed : null;
  }

  // Which item was open, so that a browser that died comes back to it.
  remember(place: number): void {
    void this.storage.use((db) => db.put("kept", place, `${this.attempt}:place`));
  }

  // Messages that the candidate has acknowledged are not shown again.
  hasRead(message: string): boolean {
    return this.read.includes(message);
  }

  markRead(message: string): void {
    this.read = [...this.read, message];
    void this.storage.use((db) => db.put("kept", this.read, `${this.attempt}:read`));
  }

  // Everything up to `acked` of one page has a verdict of the server; `late` are the numbers that it did not take.
  async acknowledge(client: string, acked: number, late: readonly number[]): Promise<void> {
    const decided = (op: Kept) => op.client === client && op.seq <= acked;
    const refused = this.waiting.filter((op) => decided(op) && late.includes(op.seq)).map((op) => ({ ...op, late: true }));
    this.waiting = [...this.waiting.filter((op) => !decided(op) || op.late), ...refused];
    // after the writes before it, else a late write would bring an acknowledged operation back
    await this.inTurn(async () => {
      const range = IDBKeyRange.bound([this.attempt, client, 0], [this.attempt, client, acked]);
      await this.storage.use((db) => db.delete("ops", range));
      await this.write(refused);
    });
  }

  // After the end nothing of the exam stays but what the server has not taken.
  async wipe(): Promise<void> {
    await this.inTurn(() => this.storage.use((db) => db.clear("kept")));
  }

  private inTurn(work: () => Promise<unknown>): Promise<void> {
    this.writing = this.writing.then(work, work);
    return this.writing.then(() => undefined, () => undefined);
  }

  private async row(op: Kept): Promise<Row> {
    const { client, late, ...plain } = op;
    return { attempt: this.attempt, client, seq: op.seq, late, op: await this.vault.seal(plain) };
  }

  private async write(ops: readonly Kept[]): Promise<void> {
    const rows = await Promise.all(ops.map((op) => this.row(op)));
    const standing = await this.vault.seal(this.standing());
    await this.storage.use((db) => put(db, rows, `${this.attempt}:standing`, standing));
  }

  private async writeAll(db: Database): Promise<void> {
    const rows = await Promise.all(this.waiting.map((op) => this.row(op)));
    await put(db, rows, `${this.attempt}:standing`, await this.vault.seal(this.standing()));
  }
}

async function put(db: Database, rows: readonly Row[], key: string, standing: unknown): Promise<void> {
  const change = db.transaction(["ops", "kept"], "readwrite", { durability: "strict" });
  await Promise.all([
    ...rows.map((row) => change.objectStore("ops").put(row)),
    change.objectStore("kept").put(standing, key),
    change.done,
  ]);
}

// Of other candidates at this machine only what the server has not taken stays, sealed.
async function forgetOthers(db: Database, attempt: string): Promise<void> {
  for (const key of await db.getAllKeys("kept")) {
    if (!key.startsWith(`${attempt}:`)) await db.delete("kept", key);
  }
}
