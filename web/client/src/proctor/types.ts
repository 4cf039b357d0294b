// The wire forms of docs/architecture.md, "The proctor API".

export type Phase = "preparing" | "active" | "paused" | "submitted" | "expired" | "terminated";
export type Severity = "info" | "low" | "medium" | "high";
export type Candidate = {
  attempt: string;
  number: string;
  name: string;
  phase: Phase;
  answered: number;
  total: number;
  remaining_s: number | null;
  frame_at: number | null;
  seen_at: number | null;
  open_incidents: number;
  worst: Severity | null;
  photo: string | null;
};
export type Review = { decision: "upheld" | "dismissed"; note: string; by: string; at: number };
export type Incident = {
  id: string;
  attempt: string;
  number: string;
  name: string;
  kind: string;
  severity: Severity;
  title: string;
  summary: string;
  opened_at: number;
  closed_at: number | null;
  media: string[];
  review: Review | null;
};
export type Session = { id: string; code: string; title: string; opens_at: number; closes_at: number; camera: boolean };
export type Proposal = {
  id: string;
  kind: "terminate" | "credit";
  attempts: string[];
  minutes: number | null;
  reason: string;
  by: string;
  at: number;
  agreed: string[];
  lead: boolean;
  state: "open" | "applied" | "declined" | "lapsed";
  decided_by: string | null;
  done: number;
};
export type Affected = { attempt: string; number: string; name: string; phase: Phase };
export type Me = { username: string; lead: boolean };
export type SessionState = { session: Session; candidates: Candidate[]; incidents: Incident[]; proposals: Proposal[]; me: Me; now: number };
export type Entry = { at: number; kind: string; title: string; detail: string; media: string[]; incident?: string };
export type Timeline = { candidate: Candidate; entries: Entry[] };

export const SEVERITIES: readonly Severity[] = ["info", "low", "medium", "high"];
export const weight = (severity: Severity): number => SEVERITIES.indexOf(severity);
export const over = (phase: Phase): boolean => phase === "submitted" || phase === "expired" || phase === "terminated";
