// IndexedDB with a temper: it may be closed (a private window), full, or die under a page that was in the background.
// Every use is tried again once with a database that is opened anew; then the page goes on in memory, visibly, and tries
// the device again from time to time.

import { signal } from "@preact/signals";
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Sealed } from "./vault";

export type Row = { attempt: string; client: string; seq: number; late: boolean; op: Sealed };
export interface Store extends DBSchema {
  ops: { key: [string, string, number]; value: Row };
  kept: { key: string; value: unknown }; // "<attempt>:<what>", and "current": the attempt of the last log-in
}
export type Database = IDBPDatabase<Store>;

const NAME = "ombilin-seat";
const OPEN_MS = 5000; // some private windows never answer
const AGAIN_MS = 15_000;

export class Storage {
  readonly durable = signal(true);
  private db: Database | null = null;
  private failedAt = -Infinity;

  // What must be written when the device can be written again.
  constructor(private readonly restore: (db: Database) => Promise<void>) {}

  async use<T>(work: (db: Database) => Promise<T>): Promise<T | null> {
    if (!this.durable.value && performance.now() - this.failedAt < AGAIN_MS) return null;
    for (const again of [false, true]) {
      try {
        const fresh = this.db === null;
        const db = (this.db ??= await opened());
        if (fresh && !this.durable.value) await this.restore(db);
        const done = await work(db);
        this.durable.value = true;
        return done;
      } catch (error) {
        this.db?.close();
        this.db = null;
        if (again) console.warn("device storage failed", error);
      }
    }
    this.durable.value = false;
    this.failedAt = performance.now();
    return null;
  }
}

function opened(): Promise<Database> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the database does not open")), OPEN_MS);
    const opening = openDB<Store>(NAME, 1, {
      upgrade(db) {
        db.createObjectStore("ops", { keyPath: ["attempt", "client", "seq"] });
        db.createObjectStore("kept");
      },
      blocking(_now, _next, event) {
        (event.target as IDBDatabase).close();
      },
    });
    opening.then(resolve, reject).finally(() => clearTimeout(late));
  });
}
