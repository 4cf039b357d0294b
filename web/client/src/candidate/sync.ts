// Sends the queue: by the exam socket while it is open, else by POST. One batch is under way at a time; what fails is
// tried again with growing, jittered pauses; an acknowledgement means that the server has committed it.

import { effect, signal } from "@preact/signals";
import { Refused } from "../answers";
import { getJson, postJson } from "./api";
import { measureAnew, measured, serverNow, stopwatch } from "./clock";
import type { Queue } from "./queue";
import type { Ack, Message, Op, Receipt, State } from "./types";

export type Connection = "online" | "offline" | "superseded" | "logged-out";
type Told = { ack?: Ack; state?: State; message?: Message; superseded?: true; pong?: number; now?: number; error?: { key: string; message: string } };

const BATCH = 200;
const REPLY_MS = 12_000;
const POLL_MS = 20_000;
const LONGEST_MS = 15_000;

export class Sync {
  readonly connection = signal<Connection>("online");
  readonly savedAt = signal<number | null>(null);
  readonly unsent = signal(0);
  readonly late = signal(0);
  readonly refused = signal<string | null>(null);
  private socket: WebSocket | null = null;
  private reply: ((told: Ack | null) => void) | null = null;
  private busy = false;
  private pause = 500;
  private timer = 0;
  private held = false;
  private stopped = false;

  constructor(
    private readonly queue: Queue,
    private readonly to: {
      onState: (state: State) => void;
      onMessage: (message: Message) => void;
      onReceipt: (receipt: Receipt) => void;
    },
  ) {
    this.count();
    effect(() => {
      document.documentElement.dataset.connection = this.connection.value;
    });
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => {
      if (this.connection.value === "online") this.connection.value = "offline";
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.look();
    });
    setInterval(() => void this.poll(), POLL_MS);
  }

  start(): void {
    this.connect();
    void this.poll();
    void this.flush();
  }

  stop(): void {
    this.stopped = true;
    this.socket?.close();
  }

  // The page was asleep, hidden, or its clock was set: measure and ask anew.
  async look(): Promise<void> {
    measureAnew();
    await this.poll();
  }

  count(): void {
    this.unsent.value = this.queue.pending.length;
    this.late.value = this.queue.late.length;
  }

  added(): void {
    this.count();
    void this.flush();
  }

  resumed(): void {
    this.held = false;
    void this.flush();
  }

  async drained(withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    while (this.queue.pending.length > 0 && performance.now() < until) {
      this.hurry();
      await new Promise((done) => setTimeout(done, 250));
    }
    return this.queue.pending.length === 0;
  }

  private hurry(): void {
    this.pause = 500;
    if (!this.socket) this.connect();
    void this.flush();
  }

  private connect(): void {
    if (this.stopped || this.socket || !navigator.onLine || typeof WebSocket === "undefined") return;
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/seat/socket`;
    const socket = new WebSocket(address);
    this.socket = socket;
    const sent = new Map<number, number>();
    let beat = 0;
    let number = 0;
    socket.onopen = () => {
      this.reached();
      const ping = () => {
        sent.set(++number, stopwatch());
        socket.send(JSON.stringify({ ping: number }));
      };
      ping();
      beat = window.setInterval(ping, POLL_MS);
      void this.flush();
    };
    socket.onmessage = (event) => {
      const told = JSON.parse(String(event.data)) as Told;
      if (told.pong !== undefined && told.now !== undefined) measured(sent.get(told.pong) ?? stopwatch(), stopwatch(), told.now);
      if (told.ack) this.reply?.(told.ack);
      if (told.error) this.reply?.(null);
      if (told.state) this.to.onState(told.state);
      if (told.message) this.to.onMessage(told.message);
      if (told.superseded) this.lose("superseded");
    };
    socket.onclose = (event) => {
      clearInterval(beat);
      if (this.socket === socket) this.socket = null;
      this.reply?.(null);
      if (event.code === 4409) this.lose("superseded");
      else if (event.code === 4401 || event.code === 4403) this.lose("logged-out");
      else if (!this.stopped) setTimeout(() => this.connect(), 2000 + Math.random() * 3000);
    };
  }

  lose(why: "superseded" | "logged-out"): void {
    this.connection.value = why;
    this.stop();
  }

  // Back after a while: the time and the state may have changed.
  private reached(asked = false): void {
    this.pause = 500;
    if (this.connection.value !== "offline") return;
    this.connection.value = "online";
    measureAnew();
    if (!asked) void this.poll();
  }

  private async poll(): Promise<void> {
    if (this.stopped) return;
    const sent = stopwatch();
    try {
      const state = await getJson<State>("/api/seat/state");
      this.reached(true);
      measured(sent, stopwatch(), state.now);
      this.to.onState(state);
      if (!this.socket) this.connect();
      if (await this.queue.adopt()) this.count();
      void this.flush();
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (error instanceof Refused && error.status === 409 && error.key === "superseded") this.lose("superseded");
    else if (error instanceof Refused && error.status === 401) this.lose("logged-out");
    else if (!(error instanceof Refused) || error.status >= 500) this.connection.value = "offline";
  }

  private async flush(): Promise<void> {
    if (this.busy || this.stopped || this.held) return;
    clearTimeout(this.timer);
    this.busy = true;
    try {
      for (let batch = this.queue.batch(BATCH); batch && !this.stopped; batch = this.queue.batch(BATCH)) {
        const ack = await this.send(batch);
        this.reached();
        const refused = ack.verdicts.find((each) => each.verdict === "rejected");
        if (refused) this.refused.value = refused.reason;
        const late = ack.verdicts.filter((each) => each.verdict === "late").map((each) => each.seq);
        if (ack.receipt) this.to.onReceipt(ack.receipt);
        if (ack.acked > 0) await this.queue.acknowledge(batch.client, ack.acked, late);
        this.count();
        this.to.onState(ack.state);
        if (ack.hold) {
          this.held = true;
          break;
        }
        if (this.queue.pending.length === 0) this.savedAt.value = serverNow();
      }
    } catch (error) {
      this.failed(error);
      this.timer = window.setTimeout(() => void this.flush(), this.pause * (0.5 + Math.random()));
      this.pause = Math.min(LONGEST_MS, this.pause * 2);
    } finally {
      this.busy = false;
    }
  }

  private async send(message: { client: string; ops: Op[] }): Promise<Ack> {
    const socket = this.socket;
    if (socket && socket.readyState === WebSocket.OPEN) {
      const ack = await new Promise<Ack | null>((resolve) => {
        const late = setTimeout(() => {
          socket.close();
          resolve(null);
        }, REPLY_MS);
        this.reply = (told) => {
          clearTimeout(late);
          this.reply = null;
          resolve(told);
        };
        socket.send(JSON.stringify(message));
      });
      if (ack) return ack;
    }
    return postJson<Ack>("/api/seat/ops", message);
  }
}
