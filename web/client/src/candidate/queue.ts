// The durable queue: every operation is written to IndexedDB before anybody is told that it is kept here, and deleted
// only when the server has acknowledged it. Keyed by the browser profile's own identity, so that a fresh profile that
// starts at 1 again is never taken for an old one. Without IndexedDB it goes on in memory, visibly.

import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Op } from "./types";

interface Store extends DBSchema {
  ops: { key: [string, number]; value: Op & { attempt: string } };
  meta: { key: string; value: string | number | string[] };
}

const NAME = "ombilin";
const newId = (): string => {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const open = (): Promise<IDBPDatabase<Store>> =>
  openDB<Store>(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("ops", { keyPath: ["attempt", "seq"] });
      db.createObjectStore("meta");
    },
  });

export class Queue {
  private constructor(
    private db: IDBPDatabase<Store> | null,
    private readonly attempt: string,
    readonly client: string,
    private seq: number,
    private rev: number,
    private waiting: Op[],
    readonly place: number | null,
    private read: string[],
  ) {}

  static async open(attempt: string, lastRevision: number): Promise<Queue> {
    try {
      const db = await open();
      const client = (await db.get("meta", "client")) as string | undefined;
      const kept = client ?? newId();
      if (!client) await db.put("meta", kept, "client");
      const seq = ((await db.get("meta", `seq:${attempt}`)) as number | undefined) ?? 0;
      const range = IDBKeyRange.bound([attempt, 0], [attempt, Infinity]);
      const waiting = (await db.getAll("ops", range)).map(({ attempt: _own, ...op }) => op as Op);
      const rev = waiting.reduce((most, op) => Math.max(most, op.rev), lastRevision);
      const place = ((await db.get("meta", `at:${attempt}`)) as number | undefined) ?? null;
      const read = ((await db.get("meta", `read:${attempt}`)) as string[] | undefined) ?? [];
      void navigator.storage?.persist?.().catch(() => false);
      return new Queue(db, attempt, kept, seq, rev, waiting, place, read);
    } catch {
      return new Queue(null, attempt, newId(), 0, lastRevision, [], null, []);
    }
  }

  get durable(): boolean {
    return this.db !== null;
  }

  get pending(): readonly Op[] {
    return this.waiting;
  }

  async add(change: Pick<Op, "kind" | "item" | "value" | "flagged">, at: number): Promise<Op> {
    const op: Op = { ...change, seq: ++this.seq, rev: ++this.rev, at };
    this.waiting = [...this.waiting, op];
    await this.write(op);
    return op;
  }

  private async write(op: Op, again = true): Promise<void> {
    if (!this.db) return;
    try {
      const change = this.db.transaction(["ops", "meta"], "readwrite", { durability: "strict" });
      await Promise.all([
        change.objectStore("ops").put({ ...op, attempt: this.attempt }),
        change.objectStore("meta").put(op.seq, `seq:${this.attempt}`),
        change.done,
      ]);
    } catch {
      // WebKit closes the database of a tab in the background: open it again once, else go on in memory
      this.db = again ? await open().catch(() => null) : null;
      if (this.db) await this.write(op, false);
    }
  }

  // Which item was open, so that a browser that died comes back to it.
  remember(place: number): void {
    void this.db?.put("meta", place, `at:${this.attempt}`).catch(() => undefined);
  }

  // Messages that the candidate has acknowledged are not shown again.
  hasRead(message: string): boolean {
    return this.read.includes(message);
  }

  markRead(message: string): void {
    this.read = [...this.read, message];
    void this.db?.put("meta", this.read, `read:${this.attempt}`).catch(() => undefined);
  }

  async acknowledge(acked: number): Promise<void> {
    this.waiting = this.waiting.filter((op) => op.seq > acked);
    if (!this.db) return;
    try {
      await this.db.delete("ops", IDBKeyRange.bound([this.attempt, 0], [this.attempt, acked]));
    } catch {
      // kept too long is harmless: the server knows every operation by its number
    }
  }
}
