// What lies on this device: how many answers are unsent, the last receipt, the emergency file, the way out.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clockTime } from "../locale";
import { serverNow } from "./clock";
import { canSeal, download, emergencyFile } from "./emergency";
import { bootstrap, queue, receipt, sync, wipe } from "./state";
import { t } from "./words";

export const kept = (): number => (sync.value?.unsent.value ?? 0) + (sync.value?.late.value ?? 0);

export function EmergencyFile() {
  const done = useSignal("");
  const told = bootstrap.value;
  if (!told || kept() === 0) return null;
  if (!canSeal(told)) return <p class="small">{t("fileImpossible")}</p>;
  const save = async () => {
    const unsent = [...(queue.value?.late ?? []), ...(queue.value?.pending ?? [])];
    const at = clockTime(serverNow());
    download(await emergencyFile(told, unsent, receipt.value), `${told.participant.number}-${at.replace(/\D/g, "")}.ombilin`);
    done.value = t("fileSaved", { n: unsent.length, time: at });
  };
  return (
    <>
      <button type="button" class="button button-secondary" data-testid="emergency-file" onClick={() => void save()}>{t("fileSave")}</button>
      <p class="quiet small" aria-live="polite">{done.value || t("fileText")}</p>
    </>
  );
}

export function LastReceipt() {
  const newest = receipt.value;
  if (!newest) return null;
  return (
    <p class="small" data-testid="last-receipt" data-seq={newest.seq}>
      {t("lastReceipt", { n: newest.seq })}<br />
      <span class="mono">{newest.head.slice(0, 32).replace(/(.{4})(?=.)/g, "$1 ")}</span>
    </p>
  );
}

// A form, so that the log-out is the same as on every other page; the service worker clears the device with it.
function leave(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/exam/logout";
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "csrf_token";
  field.value = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  form.append(field);
  document.body.append(form);
  void wipe().then(() => form.submit());
}

export function Leave() {
  const dialog = useRef<HTMLDialogElement>(null);
  const unsent = kept();
  const away = sync.value?.connection.value === "offline";
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      // a durable queue survives a reload; one in memory does not
      if (queue.value && !queue.value.storage.durable.value && kept() > 0) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return (
    <>
      <button type="button" class="button button-secondary" data-testid="log-out" onClick={() => dialog.current?.showModal()}>{t("logOut")}</button>
      <dialog ref={dialog} class="dialog" aria-labelledby="log-out-title">
        <h2 id="log-out-title">{t("logOutTitle")}</h2>
        <p>{t(away ? "logOutAway" : "logOutText")}</p>
        {unsent > 0 && <p class="notice notice-warn" role="alert" data-testid="log-out-unsent">{t("logOutUnsent", { n: unsent })}</p>}
        <EmergencyFile />
        <div class="actions">
          <button type="button" class="button" data-testid="log-out-cancel" onClick={() => dialog.current?.close()}>{t("cancel")}</button>
          <button type="button" class="button button-secondary" data-testid="log-out-confirm" disabled={away} onClick={leave}>{t(unsent > 0 ? "logOutAnyway" : "logOut")}</button>
        </div>
      </dialog>
    </>
  );
}

export function DeviceCard() {
  return (
    <div class="setting device">
      <p class="small"><b>{t("onDevice")}</b><br />{kept() > 0 ? t("onDeviceUnsent", { n: kept() }) : t("onDeviceNone")}</p>
      <LastReceipt />
      <EmergencyFile />
      <Leave />
    </div>
  );
}
