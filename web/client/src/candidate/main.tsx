// The candidate's page: which step it is, and what lies over it.

import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "./words";
import { Refused } from "../answers";
import "./candidate.css";
import { EmergencyFile, kept, LastReceipt } from "./device";
import { Check, Intro, Photo } from "./prepare";
import { Runner } from "./runner";
import { enterFullscreen, fullscreenLeft } from "./signals";
import { acknowledge, bootstrap, ended, load, messages, queue, remaining, state, sync, wipe } from "./state";

const RECEIPT = "/exam/receipt";
const LOGIN = "/exam/login";

// A browser closes a dialog at the second Escape, whatever the page says: it is opened again. What must not be read
// meanwhile (a pause, a page without a seat) is covered whole.
function Over(props: { title: string; children: preact.ComponentChildren; testid: string; covers?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    let wanted = true;
    const keep = (event: Event) => event.preventDefault();
    const again = () => wanted && shown?.isConnected && shown.showModal();
    shown?.showModal();
    shown?.addEventListener("cancel", keep);
    shown?.addEventListener("close", again);
    return () => {
      wanted = false;
      shown?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class={`dialog ${props.covers ? "covers" : ""}`} data-testid={props.testid} aria-labelledby={`${props.testid}-title`}>
      <h2 id={`${props.testid}-title`}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

// The sweeper ends the attempt within a second; a receipt page that is asked too early sends us back here.
const toReceipt = (): void => void wipe().then(() => location.assign(RECEIPT));

function TimeOver() {
  const waited = useSignal(false);
  useEffect(() => {
    const leave = async () => {
      const sent = await sync.value?.drained(4000);
      if (sent && kept() === 0) setTimeout(toReceipt, 1500);
      else waited.value = true;
    };
    void leave();
  }, []);
  return (
    <Over title={t("timeOver")} testid="time-over">
      <p>{t("timeOverText")}</p>
      <LastReceipt />
      {waited.value && kept() > 0 && <p class="notice notice-warn" role="alert">{t("timeOverUnsent", { n: kept() })}</p>}
      {waited.value && <EmergencyFile />}
      {waited.value && (
        <button type="button" class="button" data-testid="to-receipt" disabled={sync.value?.connection.value !== "online"} onClick={toReceipt}>
          {t("toReceipt")}
        </button>
      )}
    </Over>
  );
}

function Overlays() {
  const connection = sync.value?.connection.value;
  const message = messages.value[0];
  if (connection === "superseded" || connection === "logged-out") {
    const taken = connection === "superseded";
    const unsent = queue.value?.pending.length ?? 0;
    return (
      <Over key={connection} title={t(taken ? "superseded" : "loggedOut")} testid={connection} covers>
        <p>{t(taken ? "supersededText" : "loggedOutText")}</p>
        {taken && unsent > 0 && <p class="notice notice-warn" data-testid="superseded-unsent">{t("supersededUnsent", { n: unsent })}</p>}
        <EmergencyFile />
        <a class="button" href={LOGIN}>{t("logInHere")}</a>
      </Over>
    );
  }
  if (ended.value || (state.value?.phase === "active" && remaining.value === 0)) return <TimeOver />;
  if (state.value?.phase === "paused") return <Over key="paused" title={t("paused")} testid="pause-overlay" covers><p>{t("pausedText")}</p></Over>;
  if (message) {
    return (
      <Over key={message.id} title={t("messageFrom", { from: message.from })} testid="message">
        <p>{message.text}</p>
        <button type="button" class="button" data-testid="message-ack" onClick={() => acknowledge(message)}>{t("understood")}</button>
      </Over>
    );
  }
  return null;
}

function Banners() {
  const now = sync.value;
  return (
    <div class="banners" aria-live="polite">
      {now?.connection.value === "offline" && (
        <p class="notice notice-warn" data-testid="offline-banner"><b>{t(navigator.onLine ? "awayTitle" : "offlineTitle")}</b> {t("offlineText")}</p>
      )}
      {queue.value && !queue.value.storage.durable.value && <p class="notice notice-danger" data-testid="memory-banner">{t("memoryText")}</p>}
      {fullscreenLeft.value && (
        <p class="notice notice-warn" data-testid="fullscreen-banner">
          {t("fullscreenLeft")} <button type="button" class="button button-secondary" onClick={() => void enterFullscreen()}>{t("fullscreenBack")}</button>
        </p>
      )}
      {now?.refused.value && <p class="notice notice-danger">{t("refusedText", { reason: now.refused.value })}</p>}
    </div>
  );
}

function App() {
  const problem = useSignal("");
  const step = useSignal<"photo" | "check" | "intro">("photo");
  useEffect(() => {
    load()
      .then(() => {
        const told = bootstrap.value;
        void navigator.serviceWorker?.register("/exam/sw.js", { scope: "/exam/" }).catch(() => undefined);
        if (told) step.value = told.proctoring.camera && !told.attempt.photo ? "photo" : told.attempt.checked ? "intro" : "check";
      })
      .catch((error: unknown) => {
        if (error instanceof Refused && (error.status === 401 || error.status === 409)) location.assign(LOGIN);
        else problem.value = error instanceof Error ? error.message : String(error);
      });
  }, []);
  if (problem.value) {
    return (
      <main class="main"><div class="notice notice-danger" role="alert"><h1>{t("loadFailed")}</h1><p>{problem.value}</p>
        <button type="button" class="button" onClick={() => location.reload()}>{t("tryAgain")}</button></div></main>
    );
  }
  const told = bootstrap.value;
  if (!told || !queue.value) return <main class="main"><p aria-live="polite">{t("loading")}</p></main>;
  const running = told.items.length > 0;
  return (
    <>
      <Banners />
      {running ? <Runner /> : (
        <main class="main" id="main" tabIndex={-1}>
          <p class="who"><b>{told.participant.name}</b> <span class="quiet">{told.participant.number}</span></p>
          {step.value === "photo" && <Photo onDone={() => (step.value = "check")} />}
          {step.value === "check" && <Check onDone={() => (step.value = "intro")} />}
          {step.value === "intro" && <Intro />}
        </main>
      )}
      <Overlays />
    </>
  );
}

const root = document.getElementById("app");
if (root) render(<App />, root);
