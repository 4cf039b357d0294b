// The stream of the session. Whenever it opens (again), the whole state is read anew, so a gap loses nothing; a slow
// reading beside it finds a connection that died without a word.

import { signal } from "@preact/signals";
import { Refused } from "../answers";
import { eventsOf, readSession } from "./api";
import { opened, stir, takeCandidate, takeFrame, takeIncident, takeProposal, takeSession } from "./store";
import type { Candidate, Incident, Proposal } from "./types";

export const connection = signal<"connecting" | "live" | "lost" | "logged-out">("connecting");
export const lostAt = signal(0);
export const problem = signal("");

const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
const CHECK_MS = 30_000;

function lost(): void {
  if (connection.peek() === "live") lostAt.value = Date.now();
  if (connection.peek() !== "logged-out") connection.value = lostAt.peek() ? "lost" : "connecting";
}

let reading: Promise<void> | null = null;
async function reload(id: string): Promise<void> {
  reading ??= (async () => {
    try {
      takeSession(await readSession(id));
      problem.value = "";
    } catch (error) {
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) connection.value = "logged-out";
      else lost();
      problem.value = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      reading = null;
    }
  })();
  return reading;
}

const parsed = <T>(event: MessageEvent<string>): T => JSON.parse(event.data) as T;

export function listen(id: string): void {
  let failures = 0;
  let source: EventSource | null = null;
  const again = () => {
    source?.close();
    source = null;
    if (connection.peek() === "logged-out") return;
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 30_000;
    failures += 1;
    setTimeout(open, pause * (0.75 + Math.random() / 2)); // not all consoles of a hall at once
  };
  const open = () => {
    source = new EventSource(eventsOf(id));
    source.addEventListener("ready", () => {
      reload(id)
        .then(() => {
          failures = 0;
          connection.value = "live";
          if (opened.peek()) stir(opened.peek()?.attempt ?? "");
        })
        .catch(again);
    });
    source.addEventListener("candidate", (event) => takeCandidate(parsed<Candidate>(event)));
    source.addEventListener("incident", (event) => takeIncident(parsed<Incident>(event)));
    source.addEventListener("proposal", (event) => takeProposal(parsed<Proposal>(event)));
    source.addEventListener("frame", (event) => {
      const { attempt, at } = parsed<{ attempt: string; at: number }>(event);
      takeFrame(attempt, at);
    });
    source.addEventListener("message", (event) => stir(parsed<{ attempt: string }>(event).attempt));
    source.addEventListener("error", () => {
      lost();
      // after a refusal the browser gives up, and the reading says why (logged out, server away)
      if (source?.readyState === EventSource.CLOSED) void reload(id).catch(() => undefined).then(again);
    });
  };
  open();
  setInterval(() => {
    if (connection.peek() !== "live") return;
    reload(id).catch(again);
  }, CHECK_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && connection.peek() === "live") reload(id).catch(again);
  });
}
