// State is always a drawn icon, a word and a colour; none of the three stands alone.

import { over, type Phase, type Severity } from "./types";
import { phaseWord, severityWord, t } from "./words";

const PATHS = {
  preparing: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm0 1.8a4.200 4.200 0 1 0 0 8.400 4.200 4.200 0 0 0 0-8.400z",
  active: "M4 2.500v11l9-5.500z",
  paused: "M4 3h3v10H4zm5 0h3v10H9z",
  submitted: "M6.300 12.600 2 8.300l1.500-1.500 2.800 2.800 6.200-6.200L14 4.900z",
  expired: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM7.100 4v4.500l3.300 2 .9-1.500-2.500-1.500V4z",
  terminated: "M3.500 2 8 6.500 12.500 2 14 3.500 9.500 8l4.500 4.500-1.500 1.500L8 9.500 3.500 14 2 12.500 6.500 8 2 3.500z",
  high: "M8 1 15.500 14.500H.5zM7 6l.3 4h1.400L9 6zm.1 5v1.700h1.800V11z",
  medium: "M8 1l7 7-7 7-7-7zM7.100 4.500l.2 4.500h1.400l.2-4.500zm0 5.500v1.500h1.800V10z",
  low: "M8 3.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9z",
  info: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm-.9 5v4.200h1.800V7zm0-2.500v1.600h1.800V4.500z",
  camera: "M1.500 4h9v8h-9zm10 2.700L15 4.500v7l-3.500-2.200z",
} as const;

export function Icon(props: { name: keyof typeof PATHS }) {
  return (
    <svg class="p-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[props.name]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}

export function PhaseMark(props: { phase: Phase }) {
  const kind = over(props.phase) ? (props.phase === "terminated" ? "terminated" : "ended") : props.phase;
  return (
    <span class={`p-mark p-phase-${kind}`}>
      <Icon name={props.phase} />
      {phaseWord(props.phase)}
    </span>
  );
}

export function SeverityMark(props: { severity: Severity; count?: number }) {
  const told = props.count === undefined ? severityWord(props.severity) : `${severityWord(props.severity)} · ${props.count}`;
  return (
    <span class={`p-mark p-severity-${props.severity}`}>
      <Icon name={props.severity} />
      <span class="visually-hidden">{props.count === undefined ? "" : t("open", { n: props.count })} </span>
      {told}
    </span>
  );
}
