// What the browser notices, batched. A signal that a browser cannot give is reported as unsupported, never as clean.

import { postJson } from "./api";
import { serverNow } from "./clock";

type Signal = { kind: string; at: number; detail: Record<string, unknown> };
const LIMIT = 100;
let waiting: Signal[] = [];
let watching = false;

export function note(kind: string, detail: Record<string, unknown> = {}): void {
  if (!watching) return;
  waiting = [...waiting.slice(-LIMIT + 1), { kind, at: serverNow(), detail }];
  setTimeout(() => void send(), 400);
}

async function send(): Promise<void> {
  if (waiting.length === 0 || !navigator.onLine) return;
  const batch = waiting;
  waiting = [];
  try {
    await postJson("/api/seat/signals", { signals: batch });
  } catch {
    waiting = [...batch, ...waiting].slice(-LIMIT);
  }
}

export function watchBrowser(fullscreen: boolean): void {
  if (watching) return;
  watching = true;
  document.addEventListener("visibilitychange", () => note(document.hidden ? "hidden" : "visible"));
  addEventListener("blur", () => note("blur"));
  addEventListener("focus", () => note("focus"));
  addEventListener("offline", () => note("offline"));
  addEventListener("online", () => {
    note("online");
    void send();
  });
  document.addEventListener("paste", () => note("paste"));
  document.addEventListener("copy", () => note("copy"));
  if (!fullscreen) return;
  if (!document.documentElement.requestFullscreen) note("unsupported", { what: "fullscreen" });
  document.addEventListener("fullscreenchange", () => note(document.fullscreenElement ? "fullscreen_entered" : "fullscreen_left"));
}

export const enterFullscreen = (): Promise<void> =>
  document.documentElement.requestFullscreen?.().catch(() => note("unsupported", { what: "fullscreen" })) ?? Promise.resolve();
