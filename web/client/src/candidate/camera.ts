// The camera: the identity photo, and a small frame every few seconds. It never delays the exam: one upload at a time,
// dropped when the network is away, and a camera that fails is a signal for the proctor, not a stop.

import { signal } from "@preact/signals";
import { postJpeg } from "./api";
import { note } from "./signals";
import { serverNow } from "./clock";
import type { Bootstrap } from "./types";

export const stream = signal<MediaStream | null>(null);
export const cameraProblem = signal<"refused" | "missing" | "busy" | "insecure" | null>(null);

export async function openCamera(): Promise<MediaStream | null> {
  if (stream.value?.active) return stream.value;
  if (!navigator.mediaDevices?.getUserMedia) {
    cameraProblem.value = "insecure";
    return null;
  }
  try {
    const opened = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
      audio: false,
    });
    cameraProblem.value = null;
    stream.value = opened;
    opened.getVideoTracks()[0]?.addEventListener("ended", () => {
      stream.value = null;
      note("camera_lost");
    });
    return opened;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    cameraProblem.value = name === "NotAllowedError" ? "refused" : name === "NotReadableError" ? "busy" : "missing";
    return null;
  }
}

export function snapshot(video: HTMLVideoElement, width: number, height: number, quality: number): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(video, 0, 0, width, height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
}

export function watch(video: HTMLVideoElement, how: Bootstrap["proctoring"]): () => void {
  let sending = false;
  let timer = 0;
  let lost = false;
  const again = () => {
    timer = window.setTimeout(() => void capture(), how.frame_interval_s * 1000 * (0.8 + Math.random() * 0.4));
  };
  const capture = async () => {
    again();
    if (!stream.value?.active) {
      if (!lost) note("camera_lost");
      lost = true;
      await openCamera();
      if (stream.value) {
        video.srcObject = stream.value;
        await video.play().catch(() => undefined);
      }
      return;
    }
    if (lost) note("camera_back");
    lost = false;
    if (sending || !navigator.onLine || video.readyState < 2) return;
    sending = true;
    try {
      const jpeg = await snapshot(video, how.width, how.height, how.quality);
      if (jpeg) await postJpeg("/api/seat/frame", jpeg, { "X-Captured-At": String(Math.round(serverNow())) });
    } catch {
      // a lost frame is lost; the next one comes soon
    } finally {
      sending = false;
    }
  };
  void capture();
  return () => clearTimeout(timer);
}
