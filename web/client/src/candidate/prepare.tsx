// Before the start: identity photo, system check, instructions.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clockTime, countdown } from "../locale";
import { Refused } from "../answers";
import { getJson, postJpeg, postJson } from "./api";
import { cameraProblem, openCamera, snapshot, stream } from "./camera";
import { clockOffset, measured, serverNow, stopwatch } from "./clock";
import { prefetch, start } from "./package";
import { enterFullscreen } from "./signals";
import { bootstrap, queue, tick } from "./state";
import type { Bootstrap, State } from "./types";
import { t } from "./words";

const SPREAD_MS = 2000;
const MOST_MS = 60_000; // between two questions; T0 may be moved

const PROBLEMS = { refused: "cameraRefused", missing: "cameraMissing", busy: "cameraBusy", insecure: "cameraInsecure" } as const;

function Step(props: { n: number; title: string; lead?: string; children: preact.ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="prepare">
      <p class="quiet small">{t("step", { n: props.n })}</p>
      <h1 ref={heading} tabIndex={-1}>{props.title}</h1>
      {props.lead && <p class="quiet">{props.lead}</p>}
      {props.children}
    </section>
  );
}

export function Photo(props: { onDone: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const taken = useSignal<{ blob: Blob; url: string } | null>(null);
  const problem = useSignal("");
  const busy = useSignal(false);

  const show = async () => {
    const opened = await openCamera();
    if (opened && video.current) {
      video.current.srcObject = opened;
      await video.current.play().catch(() => undefined);
    }
  };
  useEffect(() => void show(), [taken.value === null]);

  const capture = async () => {
    const blob = video.current && (await snapshot(video.current, 640, 480, 0.82));
    if (blob) taken.value = { blob, url: URL.createObjectURL(blob) };
  };
  const accept = async () => {
    if (!taken.value) return;
    busy.value = true;
    problem.value = "";
    try {
      await postJpeg("/api/seat/photo", taken.value.blob);
      props.onDone();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : "";
    } finally {
      busy.value = false;
    }
  };

  return (
    <Step n={1} title={t("photoTitle")} lead={t("photoLead")}>
      {cameraProblem.value && (
        <div class="notice notice-warn" role="alert">
          <p>{t(PROBLEMS[cameraProblem.value])}</p>
          <button type="button" class="button" onClick={() => void show()}>{t("tryAgain")}</button>
        </div>
      )}
      {problem.value && <div class="notice notice-danger" role="alert"><p>{problem.value}</p></div>}
      <div class="viewfinder">
        {taken.value ? (
          <img src={taken.value.url} alt={t("photoTaken")} />
        ) : (
          <video ref={video} muted playsInline aria-label={t("photoPreview")} />
        )}
      </div>
      <div class="actions">
        {taken.value ? (
          <>
            <button type="button" class="button" data-testid="photo-accept" disabled={busy.value} onClick={() => void accept()}>
              {busy.value ? t("sending") : t("usePhoto")}
            </button>
            <button type="button" class="button button-secondary" onClick={() => (taken.value = null)}>{t("retake")}</button>
          </>
        ) : (
          <button type="button" class="button" data-testid="photo-capture" disabled={!stream.value} onClick={() => void capture()}>
            {t("takePhoto")}
          </button>
        )}
      </div>
    </Step>
  );
}

type Result = { name: "camera" | "network" | "storage" | "clock" | "screen"; ok: boolean; detail: string };
const TITLES = { camera: "checkCamera", network: "checkNetwork", storage: "checkStorage", clock: "checkClock", screen: "checkScreen" } as const;

async function roundTrip(): Promise<number> {
  let best = Infinity;
  for (let tries = 0; tries < 4; tries += 1) {
    const sent = stopwatch();
    try {
      const told = await getJson<State>("/api/seat/state");
      measured(sent, stopwatch(), told.now);
      best = Math.min(best, Math.round(stopwatch() - sent));
    } catch {
      return 9999;
    }
  }
  return best;
}

async function examine(camera: boolean): Promise<Result[]> {
  const results: Result[] = [];
  const add = (name: Result["name"], ok: boolean, detail: string) => results.push({ name, ok, detail });
  if (camera) {
    const on = (await openCamera()) !== null;
    add("camera", on, t(on ? "okCamera" : "badCamera"));
  }
  const ms = await roundTrip();
  add("network", ms < 800, t(ms < 800 ? "okNetwork" : "badNetwork", { n: ms }));
  const durable = queue.value?.storage.durable.value ?? false;
  add("storage", durable, t(durable ? "okStorage" : "badStorage"));
  const off = Math.round(Math.abs(clockOffset()) / 1000);
  add("clock", off < 30, t(off < 30 ? "okClock" : "badClock", { n: off }));
  const roomy = innerWidth >= 320 && innerHeight >= 400;
  add("screen", roomy, t(roomy ? "okScreen" : "badScreen"));
  return results;
}

export function Check(props: { onDone: () => void }) {
  const results = useSignal<Result[] | null>(null);
  const run = async () => {
    results.value = null;
    results.value = await examine(bootstrap.value?.proctoring.camera ?? false);
  };
  useEffect(() => void run(), []);
  const proceed = async () => {
    await postJson("/api/seat/check", { results: results.value ?? [] }).catch(() => undefined);
    props.onDone();
  };
  return (
    <Step n={2} title={t("checkTitle")} lead={t("checkLead")}>
      <ul class="checks" aria-live="polite" aria-busy={results.value === null}>
        {results.value === null && <li class="quiet">{t("checking")}</li>}
        {results.value?.map((each) => (
          <li key={each.name} class="card">
            <span class={`tag ${each.ok ? "tag-good" : "tag-warn"}`}>{each.ok ? t("ok") : t("warning")}</span>
            <span><b>{t(TITLES[each.name])}</b><br />{each.detail}</span>
          </li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="button" data-testid="check-continue" disabled={results.value === null} onClick={() => void proceed()}>
          {t("continue")}
        </button>
        <button type="button" class="button button-secondary" onClick={() => void run()}>{t("tryAgain")}</button>
      </div>
    </Step>
  );
}

const pauseFor = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export function Intro() {
  const told = bootstrap.value as Bootstrap;
  const busy = useSignal(false);
  const problem = useSignal("");
  const opens = told.opens?.at ?? null;
  const early = opens !== null && tick.value < opens;
  useEffect(() => {
    if (opens !== null) void prefetch();
  }, []);
  // Pressed before T0 it waits for T0, and a part of two seconds more, so that not all ask at once.
  const begin = async () => {
    busy.value = true;
    problem.value = "";
    if (told.proctoring.fullscreen) await enterFullscreen();
    if (early) {
      await prefetch();
      await pauseFor(opens - serverNow() + Math.random() * SPREAD_MS);
    }
    try {
      for (let started = false; !started; ) {
        try {
          await start();
          started = true;
        } catch (error) {
          if (!(error instanceof Refused) || error.retryMs <= 0) throw error;
          await pauseFor(Math.min(error.retryMs, MOST_MS));
        }
      }
    } catch (error) {
      problem.value = error instanceof Error ? error.message : "";
    } finally {
      busy.value = false;
    }
  };
  return (
    <Step n={3} title={t("introTitle")} lead={`${told.exam.title} · ${t("introTime", { n: told.exam.minutes })}`}>
      <div class="card">
        <ol class="rules">
          {told.exam.instructions.map((line) => <li key={line}>{line}</li>)}
        </ol>
      </div>
      {early && (
        <div class="notice" data-testid="waiting-room">
          <p>{t("opensAt", { time: clockTime(opens) })} <b role="timer" aria-label={t("opensIn")}>{countdown((opens - tick.value) / 1000)}</b></p>
          <p>{t(busy.value ? "startsItself" : "startEarly")}</p>
        </div>
      )}
      {problem.value && <div class="notice notice-danger" role="alert"><p>{problem.value}</p></div>}
      <div class="actions">
        <button type="button" class="button" data-testid="start" disabled={busy.value} onClick={() => void begin()}>
          {busy.value ? t(early ? "waiting" : "starting") : t(early ? "startReady" : "start")}
        </button>
      </div>
    </Step>
  );
}
