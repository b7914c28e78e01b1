/**
 * What the node has to say and the control plane may not have heard yet.
 *
 * A Pod's status is kept until StatusStored acknowledges its sequence number, and only the newest one of a
 * Pod; PodGone is kept until the Pod's object is gone. After a reconnect everything kept is sent again:
 * both are idempotent. Events are sent once, and wait here only while there is no connection.
 */
import type { Event, FromNode, PodRef } from "@podwire/protocol";
import { LIMITS } from "./limits.ts";

interface Unacknowledged {
  pod: PodRef;
  status: Buffer;
  sequence: number;
}

export class Outbox {
  readonly #statuses = new Map<string, Unacknowledged>();
  readonly #gone = new Map<string, PodRef>();
  #events: Event[] = [];
  #lastSequence = 0;

  /** Keeps a status; returns the message to send when connected. */
  status(pod: PodRef, status: object): FromNode {
    const kept = { pod, status: Buffer.from(JSON.stringify(status)), sequence: ++this.#lastSequence };
    this.#statuses.set(pod.uid, kept);
    return { message: { case: "podStatus", value: kept } };
  }

  /** An older sequence than the one kept acknowledges a status that has been replaced since. */
  stored(uid: string, sequence: number): void {
    const kept = this.#statuses.get(uid);
    if (kept !== undefined && sequence >= kept.sequence) this.#statuses.delete(uid);
  }

  gone(pod: PodRef): FromNode {
    this.#gone.set(pod.uid, pod);
    return { message: { case: "podGone", value: { pod } } };
  }

  /** The Pod's object is gone: nothing more is to be said about it. */
  forget(uid: string): void {
    this.#statuses.delete(uid);
    this.#gone.delete(uid);
  }

  queueEvent(event: Event): void {
    this.#events.push(event);
    if (this.#events.length > LIMITS.queuedEvents) this.#events.shift();
  }

  /** Everything to say on a new connection, statuses in the order in which they were written. */
  resend(): FromNode[] {
    const statuses = [...this.#statuses.values()].sort((a, b) => a.sequence - b.sequence);
    const events = this.#events;
    this.#events = [];
    return [
      ...statuses.map(value => ({ message: { case: "podStatus", value } as const })),
      ...[...this.#gone.values()].map(pod => ({ message: { case: "podGone", value: { pod } } as const })),
      ...events.map(value => ({ message: { case: "event", value } as const })),
    ];
  }

  get unacknowledged(): number {
    return this.#statuses.size + this.#gone.size;
  }
}
