/**
 * Event objects: one for each thing that happens to an object, counted when it happens again.
 *
 * An Event's name ends in the time of its first occurrence, as upstream's do: lists are in the order of names, and
 * times have whole seconds, so this is what puts the Events of one second in order. Recent ones are remembered by what
 * they say; what happens again after it was forgotten, or after a restart, gets a new Event. Recording is in the
 * background and never fails its caller: events are for people.
 */
import { type Event, isReason, kinds, type NewObject, type ObjectReference } from "@podwire/api";
import { EVENTS_REMEMBERED } from "../limits.ts";
import type { Registry } from "../registry/registry.ts";

export interface EventOrigin {
  component: string;
  host?: string;
}

export type RecordEvent = (
  about: ObjectReference,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
  origin: EventOrigin,
) => void;

/** An Event that is there, or is being written; what happens again waits for it. */
interface Remembered {
  readonly name: string;
  written: Promise<void>;
}

/** `nowMs` is wall-clock time. */
export function eventRecorder(
  registry: Registry,
  log: (message: string) => void,
  nowMs = Date.now,
): RecordEvent {
  /** By what they say, the one that happened longest ago first. */
  const recent = new Map<string, Remembered>();
  const nextSuffix = chronologicalSuffixes(nowMs);
  return (about, type, reason, message, origin) => {
    const identity = JSON.stringify([about.uid, about.fieldPath, type, reason, message, origin]);
    const now = `${new Date(nowMs()).toISOString().slice(0, 19)}Z`;
    const known = recent.get(identity) ?? {
      name: `${about.name}.${nextSuffix()}`,
      written: Promise.resolve(),
    };
    recent.delete(identity);
    recent.set(identity, known);
    if (recent.size > EVENTS_REMEMBERED) recent.delete(recent.keys().next().value!);
    const event = newEvent(known.name, about, type, reason, message, origin, now);
    known.written = known.written
      .then(() => record(registry, event, now))
      .catch(error => log(`event ${reason} of ${about.name}: ${(error as Error).message}`));
  };
}

/** Nanoseconds in 16 hexadecimal digits, each more than the one before. */
function chronologicalSuffixes(nowMs: () => number): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(Math.floor(nowMs())) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last.toString(16).padStart(16, "0");
  };
}

async function record(
  registry: Registry,
  event: NewObject<Event> & { metadata: EventName },
  now: string,
): Promise<void> {
  try {
    await registry.create(kinds.events, event);
  } catch (error) {
    if (!isReason(error, "AlreadyExists")) throw error;
    await registry.mutate(kinds.events, event.metadata, copy => {
      copy.count = (copy.count ?? 1) + 1;
      copy.lastTimestamp = now;
    });
  }
}

interface EventName {
  namespace: string;
  name: string;
}

function newEvent(
  name: string,
  about: ObjectReference,
  type: string,
  reason: string,
  message: string,
  origin: EventOrigin,
  now: string,
): NewObject<Event> & { metadata: EventName } {
  return {
    // Events of cluster-scoped objects live in the namespace "default", as upstream's do.
    metadata: { namespace: about.namespace || "default", name },
    involvedObject: about,
    type,
    reason,
    message,
    source: origin,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: origin.component,
    reportingInstance: origin.host ?? "",
  };
}
