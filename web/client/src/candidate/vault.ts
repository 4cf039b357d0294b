// Seals what stays on the device with a key that the server lends to this attempt (AES-GCM). The key lies in
// sessionStorage, which ends with the tab, and comes again with the next log-in: the next user of the machine reads
// nothing. Where the browser has no WebCrypto (an http address), answers are kept readable: losing them is worse.

export type Sealed = { iv: Uint8Array; box: ArrayBuffer } | { plain: string };

const KEY = "ombilin-key:";

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
export const textOf = (raw: ArrayBuffer): string => {
  let text = "";
  for (const each of new Uint8Array(raw)) text += String.fromCharCode(each);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

export function storedKey(attempt: string): string | null {
  try {
    return sessionStorage.getItem(KEY + attempt);
  } catch {
    return null;
  }
}

export function forgetKey(attempt: string): void {
  try {
    sessionStorage.removeItem(KEY + attempt);
  } catch {
    // nothing was kept
  }
}

export class Vault {
  private constructor(private readonly key: CryptoKey | null) {}

  static async open(attempt: string, lent: string | undefined): Promise<Vault> {
    if (!lent || !crypto.subtle) return new Vault(null);
    try {
      sessionStorage.setItem(KEY + attempt, lent);
    } catch {
      // a closed storage: this page can read, a reload without network cannot
    }
    return new Vault(await crypto.subtle.importKey("raw", bytesOf(lent), "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  get closed(): boolean {
    return this.key !== null;
  }

  async seal(value: unknown): Promise<Sealed> {
    const plain = JSON.stringify(value);
    if (!this.key) return { plain };
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, new TextEncoder().encode(plain)) };
  }

  // Null for what another key has sealed.
  async open<T>(sealed: Sealed | undefined): Promise<T | null> {
    if (!sealed) return null;
    if ("plain" in sealed) return JSON.parse(sealed.plain) as T;
    if (!this.key) return null;
    try {
      const iv = new Uint8Array(sealed.iv);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.key, sealed.box);
      return JSON.parse(new TextDecoder().decode(plain)) as T;
    } catch {
      return null;
    }
  }
}
