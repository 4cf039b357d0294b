// What the browser notices, batched. A signal that a browser cannot give is reported as unsupported, never as clean.

import { signal } from "@preact/signals";
import { postJson } from "./api";
import { serverNow } from "./clock";

type Signal = { kind: string; at: number; detail: Record<string, unknown> };
const LIMIT = 100;
let waiting: Signal[] = [];
let watching = false;

// The exam asks for the full screen, the browser can do it, and it is off: also after a reload, which leaves it silently.
export const fullscreenLeft = signal(false);

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
  if (!document.documentElement.requestFullscreen) {
    note("unsupported", { what: "fullscreen" });
    return;
  }
  const look = () => {
    fullscreenLeft.value = document.fullscreenElement === null;
    note(fullscreenLeft.value ? "fullscreen_left" : "fullscreen_entered");
  };
  document.addEventListener("fullscreenchange", look);
  look();
}

export const enterFullscreen = (): Promise<void> =>
  document.documentElement.requestFullscreen?.().catch(() => note("unsupported", { what: "fullscreen" })) ?? Promise.resolve();
