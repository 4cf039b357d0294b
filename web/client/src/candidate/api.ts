// Requests of the seat. A refusal carries its key and its words in the candidate's language.

export class Refused extends Error {
  constructor(readonly status: number, readonly key: string, message: string) {
    super(message);
  }
}

const HEADERS = { "X-Ombilin-Seat": "1" };

async function answer(response: Response): Promise<unknown> {
  if (response.ok) return response.status === 204 ? null : response.json();
  let key = "unknown";
  let message = String(response.status);
  try {
    const told = (await response.json()) as { error: { key: string; message: string } };
    key = told.error.key;
    message = told.error.message;
  } catch {
    // a proxy's page instead of ours: the status says enough
  }
  throw new Refused(response.status, key, message);
}

export const getJson = async <T>(path: string): Promise<T> =>
  (await answer(await fetch(path, { credentials: "same-origin", cache: "no-store" }))) as T;

export const postJson = async <T>(path: string, body: unknown): Promise<T> =>
  (await answer(
    await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { ...HEADERS, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  )) as T;

export const postJpeg = async (path: string, jpeg: Blob, headers: Record<string, string> = {}): Promise<void> => {
  await answer(
    await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { ...HEADERS, ...headers, "Content-Type": "image/jpeg" },
      body: jpeg,
    }),
  );
};
