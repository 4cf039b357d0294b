// The display for a hall: the table fills the screen and scrolls by itself, slowly, until somebody stops it.
// With reduced motion it turns over page by page instead.

import { effect, signal } from "@preact/signals";

const SPEED_PX_S = 28; // about two seconds a row
const REST_MS = 6_000; // at the top, at the bottom, and on each page
const still = matchMedia("(prefers-reduced-motion: reduce)");

export const hall = signal(false);
export const scrolling = signal(true);

export function toggleHall(on: boolean): void {
  hall.value = on;
  scrolling.value = true;
}

function glide(box: HTMLElement): () => void {
  let frame = 0;
  let last = performance.now();
  let rest = last + REST_MS;
  let at = box.scrollTop; // scrollTop rounds; the sum of many small steps must not
  const step = (now: number) => {
    const passed = Math.min(now - last, 100);
    last = now;
    const end = box.scrollHeight - box.clientHeight;
    if (end > 0 && now > rest) {
      if (still.matches) {
        at = box.scrollTop >= end - 1 ? 0 : Math.min(end, box.scrollTop + box.clientHeight * 0.8);
        rest = now + REST_MS;
      } else if (box.scrollTop >= end - 1) {
        at = 0;
        rest = now + REST_MS;
      } else {
        if (Math.abs(box.scrollTop - at) > 2) at = box.scrollTop; // somebody scrolled by hand
        at += (SPEED_PX_S * passed) / 1000;
        if (at >= end - 1) rest = now + REST_MS;
      }
      box.scrollTop = at;
    }
    frame = requestAnimationFrame(step);
  };
  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}

export function keepHall(box: HTMLElement): void {
  effect(() => {
    if (hall.value) document.documentElement.dataset.hall = "on";
    else delete document.documentElement.dataset.hall;
  });
  effect(() => (hall.value && scrolling.value ? glide(box) : undefined));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && hall.value) toggleHall(false);
  });
}
