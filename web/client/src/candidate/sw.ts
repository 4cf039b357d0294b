// The service worker of the examination pages: keeps the shell of the runner (its page, scripts, styles), so that a
// reload without network finds it. Never an answer of the API, and no other page. `SHELL` is written before this script
// by the server; it names the build. A log-out and the end of the exam clear the device.

type Waiting = Event & { waitUntil(work: Promise<unknown>): void };
type Fetching = Waiting & { request: Request; respondWith(answer: Promise<Response>): void };
const worker = self as unknown as {
  SHELL: { version: string; assets: string[] };
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(kind: "install" | "activate", act: (event: Waiting) => void): void;
  addEventListener(kind: "fetch", act: (event: Fetching) => void): void;
};

const PAGE = "/exam/";
const PREFIX = "ombilin-shell-";
const PATIENCE_MS = 8000;
const cacheName = PREFIX + worker.SHELL.version;

const isShell = (answer: Response): boolean => answer.ok && !answer.redirected && answer.type === "basic";

async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll(worker.SHELL.assets);
  const page = await fetch(PAGE, { credentials: "same-origin", cache: "no-store" });
  if (isShell(page)) await cache.put(PAGE, page);
  await worker.skipWaiting();
}

async function activate(): Promise<void> {
  for (const each of await caches.keys()) if (each.startsWith(PREFIX) && each !== cacheName) await caches.delete(each);
  await worker.clients.claim();
}

// The network first; a server that is away or broken leaves the kept page.
async function page(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(PAGE);
  try {
    const late = new Promise<never>((_, reject) => kept && setTimeout(() => reject(new Error("late")), PATIENCE_MS));
    const answer = await Promise.race([fetch(request), late]);
    if (answer.status >= 500 && kept) return kept;
    if (isShell(answer)) await cache.put(PAGE, answer.clone());
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (isShell(answer)) await cache.put(request, answer.clone());
  return answer;
}

// The page of the shell and what the runner keeps to start without network; unsent answers stay, sealed.
async function forget(): Promise<void> {
  await (await caches.open(cacheName)).delete(PAGE);
  await new Promise<void>((done) => {
    const opening = indexedDB.open("ombilin-seat");
    opening.onerror = () => done();
    opening.onsuccess = () => {
      const db = opening.result;
      const end = () => (db.close(), done());
      if (!db.objectStoreNames.contains("kept")) return end();
      const change = db.transaction("kept", "readwrite");
      change.objectStore("kept").clear();
      change.oncomplete = change.onerror = change.onabort = end;
    };
  });
}

async function last(event: Fetching, always: boolean): Promise<Response> {
  const answer = await fetch(event.request);
  if (always || isShell(answer)) event.waitUntil(forget());
  return answer;
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (address.origin !== location.origin) return;
  if (event.request.mode === "navigate") {
    if (address.pathname === PAGE) event.respondWith(page(event.request));
    if (address.pathname === "/exam/logout") event.respondWith(last(event, true));
    if (address.pathname === "/exam/receipt") event.respondWith(last(event, false));
  } else if (event.request.method === "GET" && worker.SHELL.assets.includes(address.pathname + address.search)) {
    event.respondWith(asset(event.request));
  }
});

export {};
