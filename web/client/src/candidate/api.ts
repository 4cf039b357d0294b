// Requests of the seat. A refusal carries its key and its words in the candidate's language.

export class Refused extends Error {
  // `retryMs`: ask again after so long; 0 where the server did not say.
  constructor(readonly status: number, readonly key: string, message: string, readonly retryMs = 0) {
    super(message);
  }
}

const HEADERS = { "X-Ombilin-Seat": "1" };

async function answer(response: Response): Promise<unknown> {
  if (response.ok) return response.status === 204 ? null : response.json();
  let key = "unknown";
  let message = String(response.status);
  let retryMs = response.status === 425 ? Number(response.headers.get("Retry-After") ?? 1) * 1000 : 0;
  try {
    const told = (await response.json()) as { error: { key: string; message: string }; retry_after_ms?: number };
    retryMs = told.retry_after_ms ?? retryMs;
    key = told.error.key;
    message = told.error.message;
  } catch {
    // a proxy's page instead of ours: the status says enough
  }
  throw new Refused(response.status, key, message, retryMs);
}

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
