// The server's time as this browser knows it: the offset of the round trip that was shortest so far. A sleep or a
// changed clock shows as a gap between the wall clock and the monotonic one, and starts the measuring anew.

let offset = 0;
let best = Infinity;
let gap = Date.now() - performance.now();

export const serverNow = (): number => Date.now() + offset;

export function measured(sent: number, received: number, server: number): void {
  const roundTrip = received - sent;
  if (clockJumped()) best = Infinity;
  if (roundTrip <= best) {
    best = roundTrip;
    offset = server - (sent + received) / 2;
  }
}

export function clockJumped(): boolean {
  const now = Date.now() - performance.now();
  const jumped = Math.abs(now - gap) > 2000;
  gap = now;
  return jumped;
}

export const clockOffset = (): number => offset;
