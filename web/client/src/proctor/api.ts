// Requests of a member of staff.

import { answer } from "../answers";
import type { Affected, Candidate, Incident, Proposal, SessionState, Timeline } from "./types";

const get = async <T>(path: string): Promise<T> => (await answer(await fetch(path, { credentials: "same-origin", cache: "no-store" }))) as T;

async function post<T>(path: string, body: unknown): Promise<T> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const sent = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRF-Token": token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer(sent)) as T;
}

const BASE = "/api/proctor";
export const eventsOf = (session: string): string => `${BASE}/sessions/${session}/events`;
export const frameOf = (attempt: string, at: number): string => `${BASE}/attempts/${attempt}/frame?at=${at}`;
export const mediaOf = (id: string): string => `${BASE}/media/${id}`;
export const readSession = (session: string) => get<SessionState>(`${BASE}/sessions/${session}`);
export const readTimeline = (attempt: string) => get<Timeline>(`${BASE}/attempts/${attempt}/timeline`);
export const sendMessage = (attempt: string, text: string) => post<Candidate>(`${BASE}/attempts/${attempt}/message`, { text });
export const pauseClock = (attempt: string, reason: string) => post<Candidate>(`${BASE}/attempts/${attempt}/pause`, { reason });
export const resumeClock = (attempt: string) => post<Candidate>(`${BASE}/attempts/${attempt}/resume`, {});
export const reviewIncident = (incident: string, decision: "upheld" | "dismissed", note: string) =>
  post<Incident>(`${BASE}/incidents/${incident}/review`, { decision, note });
export const giveTime = (attempt: string, minutes: number, reason: string) => post<Candidate>(`${BASE}/attempts/${attempt}/credit`, { minutes, reason });
export const askTermination = (attempt: string, reason: string) => post<Proposal>(`${BASE}/attempts/${attempt}/termination`, { reason });
export const decideProposal = (id: string, decision: "approve" | "decline") => post<Proposal>(`${BASE}/proposals/${id}/${decision}`, {});
export const readAffected = (session: string, until: number | null) =>
  get<Affected[]>(`${BASE}/sessions/${session}/affected${until === null ? "" : `?until=${until}`}`);
export const askCredit = (session: string, minutes: number, reason: string, until: number | null) =>
  post<Proposal>(`${BASE}/sessions/${session}/credit`, { minutes, reason, until });
