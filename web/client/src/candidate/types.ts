// The wire forms of docs/architecture.md, "The seat API".

export type PciValue = { base: { identifier: string } | null } | { list: { identifier: string[] } };
export type Phase = "preparing" | "active" | "paused" | "submitted" | "expired" | "terminated";
export type State = { phase: Phase; now: number; deadline: number | null; remaining_s: number | null };
export type Message = { id: string; text: string; at: number; from: string };
export type Op = { seq: number; rev: number; kind: "respond" | "flag"; item: string; value?: PciValue; flagged?: boolean; at: number };
export type Ack = { acked: number; verdicts: { seq: number; verdict: "late" | "rejected"; reason: string }[]; hold: boolean; receipt?: Receipt | null; state: State };
// The attempt's last event that the server had stored, and the head of its hash chain there.
export type Receipt = { seq: number; head: string };
export type Figure = { src: string; alt: string } | null;
export type Option = { id: string; html: string; figure: Figure };
export type Item = {
  ref: string;
  position: number;
  section: string;
  stem: string;
  figure: Figure;
  interaction: { kind: "choice"; response: string; max_choices: number; options: Option[] };
};
export type Bootstrap = {
  exam: { code: string; title: string; minutes: number; instructions: string[]; board: boolean };
  participant: { number: string; name: string };
  attempt: { id: string; photo: boolean; checked: boolean; last_revision: number };
  device?: { key: string; seal: string }; // lent by the server: seals what stays here, and the emergency file
  opens?: { at: number | null; now: number }; // T0: when everybody may start
  state: State;
  proctoring: { camera: boolean; frame_interval_s: number; width: number; height: number; quality: number; fullscreen: boolean };
  sections: { code: string; title: string; first: number; last: number }[];
  items: Item[];
  responses: Record<string, PciValue>;
  flags: string[];
  messages: Message[];
};
// What a page without network must know besides the items.
export type Standing = {
  responses: Record<string, PciValue>;
  flags: string[];
  state: State | null;
  offset: number;
  receipt: Receipt | null;
};

export const chosen = (value: PciValue | undefined): string | null =>
  value && "base" in value && value.base ? value.base.identifier : null;

export const ENDED: readonly Phase[] = ["submitted", "expired", "terminated"];
