// Requests of the seat.

import { answer } from "../answers";

const HEADERS = { "X-Ombilin-Seat": "1" };

// A network that swallows packets is a network that is away.
const PATIENCE_MS = 20_000;

async function request(path: string, how: RequestInit): Promise<unknown> {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    return await answer(await fetch(path, { ...how, credentials: "same-origin", signal: stop.signal }));
  } finally {
    clearTimeout(late);
  }
}

const post = (path: string, body: BodyInit, headers: Record<string, string>): Promise<unknown> =>
  request(path, { method: "POST", headers: { ...HEADERS, ...headers }, body });

export const getJson = async <T>(path: string): Promise<T> => (await request(path, { cache: "no-store" })) as T;

export const postJson = async <T>(path: string, body: unknown): Promise<T> =>
  (await post(path, JSON.stringify(body), { "Content-Type": "application/json" })) as T;

export const postJpeg = async (path: string, jpeg: Blob, headers: Record<string, string> = {}): Promise<void> => {
  await post(path, jpeg, { ...headers, "Content-Type": "image/jpeg" });
};
