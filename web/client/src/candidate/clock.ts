// The server's time as this browser knows it: monotonic time plus an offset, that of the round trip that was shortest
// lately. A clock that somebody sets therefore changes nothing. A sleep may stop monotonic time; it shows, as a set
// clock does, as a gap between the two, which starts the measuring anew (`jumped`, asked at every tick).

const STALE_MS = 180_000; // two quartzes drift apart by a few milliseconds in that time
const GAP_MS = 1000;
let offset = Date.now() - performance.now();
let best = Infinity;
let bestAt = 0;
let gap = offset;

export const stopwatch = (): number => performance.now();
export const serverNow = (): number => performance.now() + offset;

// `sent` and `received` by the stopwatch.
export function measured(sent: number, received: number, server: number): void {
  const roundTrip = received - sent;
  if (roundTrip > best && received - bestAt < STALE_MS) return;
  best = roundTrip;
  bestAt = received;
  offset = server - (sent + received) / 2;
}

// After the network was away or the page was asleep the next measurement counts, whatever it was before.
export function measureAnew(): void {
  best = Infinity;
}

export function jumped(): boolean {
  const now = Date.now() - performance.now();
  if (Math.abs(now - gap) < GAP_MS) return false;
  gap = now;
  measureAnew();
  return true;
}

// How far the device's clock is behind the server's; a page that starts without network begins with the kept value.
export const clockOffset = (): number => serverNow() - Date.now();
export function startFrom(kept: number): void {
  offset = Date.now() - performance.now() + kept;
  measureAnew();
}
