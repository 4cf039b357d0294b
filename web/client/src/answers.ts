// What a server says: a value, or a refusal that carries its status, its key and its words in the reader's language.

export class Refused extends Error {
  // `retryMs`: ask again after so long; 0 where the server did not say.
  constructor(readonly status: number, readonly key: string, message: string, readonly retryMs = 0) {
    super(message);
  }
}

export async function answer(response: Response): Promise<unknown> {
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
