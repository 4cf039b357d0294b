// The last resort: a file with the answers that did not reach the server, sealed so that only the server opens it
// (ECDH on P-256 with a key made for this file, HKDF with the key lent to this attempt as salt, AES-GCM). Whoever does not
// hold the seat of this attempt cannot make a file that opens. The form is in docs/architecture.md.

import { serverNow } from "./clock";
import type { Kept } from "./queue";
import type { Bootstrap, Op, Receipt } from "./types";
import { bytesOf, textOf } from "./vault";

const FORM = "ombilin-emergency-1";
const CURVE = { name: "ECDH", namedCurve: "P-256" };

export const canSeal = (told: Bootstrap | null): boolean => Boolean(told?.device && crypto.subtle);

export async function emergencyFile(told: Bootstrap, kept: readonly Kept[], receipt: Receipt | null): Promise<Blob> {
  const device = told.device;
  if (!device) throw new Error("no key");
  const batches = new Map<string, Op[]>();
  for (const { client, late: _late, ...op } of kept) batches.set(client, [...(batches.get(client) ?? []), op]);
  const madeAt = Math.round(serverNow());
  const content = { made_at: madeAt, batches: [...batches].map(([client, ops]) => ({ client, ops })), receipt };
  const bound = new TextEncoder().encode(`${FORM}|${told.attempt.id}`);
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const server = await crypto.subtle.importKey("raw", bytesOf(device.seal), CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, pair.privateKey, 256);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: bytesOf(device.key), info: bound },
    await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]),
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(content));
  const file = {
    form: FORM,
    attempt: told.attempt.id,
    number: told.participant.number,
    made_at: madeAt,
    point: textOf(await crypto.subtle.exportKey("raw", pair.publicKey)),
    iv: textOf(iv.buffer),
    box: textOf(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound }, key, plain)),
  };
  return new Blob([JSON.stringify(file)], { type: "application/json" });
}

export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
