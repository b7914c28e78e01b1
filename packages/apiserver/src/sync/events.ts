/**
 * Event objects: one for each thing that happens to an object, counted when it happens again.
 *
 * The name of the Event is made from what it says, so a repetition finds the first one in the store and
 * nothing needs to be remembered here. Recording is in the background and never fails its caller: events are
 * for people.
 */
import { createHash } from "node:crypto";
import { type Event, isReason, kinds, type NewObject, type ObjectReference } from "@podwire/api";
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

/** `nowMs` is wall-clock time. */
export function eventRecorder(
  registry: Registry,
  log: (message: string) => void,
  nowMs = Date.now,
): RecordEvent {
  return (about, type, reason, message, origin) => {
    const now = `${new Date(nowMs()).toISOString().slice(0, 19)}Z`;
    const event = newEvent(about, type, reason, message, origin, now);
    record(registry, event, now).catch(error =>
      log(`event ${reason} of ${about.name}: ${(error as Error).message}`),
    );
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
  about: ObjectReference,
  type: string,
  reason: string,
  message: string,
  origin: EventOrigin,
  now: string,
): NewObject<Event> & { metadata: EventName } {
  const identity = [about.uid, about.fieldPath, type, reason, message, origin.component, origin.host].join(
    "\n",
  );
  const suffix = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return {
    // Events of cluster-scoped objects live in the namespace "default", as upstream's do.
    metadata: { namespace: about.namespace || "default", name: `${about.name}.${suffix}` },
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
