// The proctor's console: the grid of candidates, the queue of incidents, one candidate's panel.

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { Grid, Tools } from "./grid";
import { connection, listen, lostAt, problem } from "./live";
import { Panel } from "./panel";
import { Enlarge } from "./picture";
import "./proctor.css";
import { Queue } from "./queue";
import { announcement, counts, listed, opened, session, waitingCount } from "./store";
import { Proposals, SessionTime } from "./time";
import { moment, t } from "./words";

const side = signal<"candidates" | "incidents">("candidates"); // of a narrow window, which shows one of the two

function Connection() {
  const now = connection.value;
  if (now === "logged-out") {
    return (
      <div class="notice notice-danger" role="alert">
        <p><b>{t("loggedOut")}.</b> {t("loggedOutText")}</p>
        <a class="button" href={`/staff/login?next=${encodeURIComponent(location.pathname)}`}>{t("logIn")}</a>
      </div>
    );
  }
  const told = now === "live" ? t("live") : now === "lost" ? t("lost", { time: moment(lostAt.value) }) : t("connecting");
  return <p class={`p-connection is-${now}`} role="status" data-testid="connection">{told}</p>;
}

function Sides() {
  return (
    <div class="p-sides" role="group" aria-label={t("view")}>
      {(["candidates", "incidents"] as const).map((each) => (
        <button key={each} type="button" class="p-side" aria-pressed={side.value === each} onClick={() => (side.value = each)}>
          {t(each)} <span class="p-count">{each === "candidates" ? counts.value.all : waitingCount.value}</span>
        </button>
      ))}
    </div>
  );
}

function Console() {
  if (!session.value) {
    return problem.value && connection.value !== "logged-out" ? (
      <div class="notice notice-danger" role="alert">
        <p><b>{t("loadFailed")}.</b> {problem.value}</p>
        <button type="button" class="button" onClick={() => location.reload()}>{t("tryAgain")}</button>
      </div>
    ) : (
      <Connection />
    );
  }
  return (
    <>
      <Connection />
      <Proposals />
      <Sides />
      <div class="p-body" data-side={side.value}>
        <section class="p-candidates" aria-labelledby="p-candidates-title">
          <h2 id="p-candidates-title">{t("candidates")}</h2>
          <Tools />
          <Grid />
          <SessionTime />
        </section>
        <section class="p-queue" aria-labelledby="p-queue-title">
          <h2 id="p-queue-title">{t("incidents")}</h2>
          <Queue />
        </section>
      </div>
      <p class="p-shortcuts quiet small">{t("shortcuts")}: {t("shortcutsText")}</p>
      <p class="visually-hidden" aria-live="polite" data-testid="announcement">{announcement.value}</p>
      <Panel />
      <Enlarge />
    </>
  );
}

// By the place of the key, not by its letter: Alt changes letters on some keyboards.
const SHORTCUTS: Record<string, () => void> = {
  KeyC: () => {
    opened.value = null;
    side.value = "candidates";
    requestAnimationFrame(() => document.getElementById("p-search")?.focus());
  },
  KeyI: () => {
    const first = listed.value.find((each) => each.review === null);
    if (first) opened.value = { attempt: first.attempt, incident: first.id };
  },
  KeyM: () => document.getElementById("p-message")?.focus(),
  KeyJ: () => document.querySelector<HTMLElement>('[data-testid="pause"], [data-testid="resume"]')?.focus(),
};

addEventListener("keydown", (event) => {
  const act = event.altKey && !event.ctrlKey && !event.metaKey ? SHORTCUTS[event.code] : undefined;
  if (!act) return;
  event.preventDefault();
  act();
});

const root = document.getElementById("console");
if (root) {
  const title = document.title;
  effect(() => {
    document.title = waitingCount.value > 0 ? `(${waitingCount.value}) ${title}` : title;
  });
  listen(root.dataset.session ?? "");
  root.replaceChildren();
  render(<Console />, root);
}
