// A start without network, from what this device keeps of the attempt that this tab holds the key of.

import { Storage } from "./storage";
import type { Bootstrap, Standing } from "./types";
import { storedKey, Vault, type Sealed } from "./vault";

export type Recalled = { told: Bootstrap; standing: Standing };

export async function recall(): Promise<Recalled | null> {
  const storage = new Storage(async () => undefined);
  const kept = await storage.use(async (db) => {
    const attempt = (await db.get("kept", "current")) as string | undefined;
    const read = async (what: string) => (await db.get("kept", `${attempt}:${what}`)) as Sealed | undefined;
    return attempt && { attempt, told: await read("package"), standing: await read("standing") };
  });
  const key = kept && storedKey(kept.attempt);
  if (!kept || !key) return null;
  const vault = await Vault.open(kept.attempt, key);
  const told = await vault.open<Bootstrap>(kept.told);
  const standing = await vault.open<Standing>(kept.standing);
  return told && standing && { told, standing };
}
