// The sealed form of a session with a set start: fetched while the candidate waits, kept on the device, opened with the
// key that comes with the start. Where anything of it fails, or the browser cannot, the plain start gives the same items.

import { locale } from "../locale";
import { Refused } from "../answers";
import { postJson } from "./api";
import { bootstrap, queue, take } from "./state";
import type { Bootstrap, State } from "./types";
import { bytesOf } from "./vault";

type Form = Pick<Bootstrap, "sections" | "items"> & { form_hash: string };
const NONCE = 12;
const able = (): boolean => Boolean(crypto.subtle) && typeof DecompressionStream !== "undefined";

// Quietly: who has none starts the other way.
export async function prefetch(): Promise<void> {
  const own = queue.value;
  if (!own || !able()) return;
  try {
    if (await own.keptForm(locale)) return;
    const answer = await fetch("/api/seat/package", { credentials: "same-origin", cache: "no-store" });
    if (answer.ok) await own.keepForm(locale, await answer.arrayBuffer());
  } catch {
    // the network is away: the start asks again
  }
}

async function opened(sealed: ArrayBuffer, key: string, attempt: string): Promise<Form> {
  const raw = await crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: sealed.slice(0, NONCE), additionalData: new TextEncoder().encode(attempt) };
  const packed = await crypto.subtle.decrypt(how, raw, sealed.slice(NONCE));
  return (await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).json()) as Form;
}

export async function start(): Promise<void> {
  const told = bootstrap.value;
  const sealed = able() ? await queue.value?.keptForm(locale) : null;
  if (told && sealed) {
    try {
      const given = await postJson<{ state: State; form_hash: string; key: string }>("/api/seat/start?sealed=1", {});
      const form = await opened(sealed, given.key, told.attempt.id);
      if (form.form_hash === given.form_hash) {
        await take({ ...told, state: given.state, sections: form.sections, items: form.items });
        return;
      }
    } catch (error) {
      if (error instanceof Refused && error.retryMs > 0) throw error;
    }
  }
  await take(await postJson<Bootstrap>("/api/seat/start", {}));
}
