/** What a controller is given: the API, shared caches, and the world as arguments. */
import type { Node, ObjectReference, Pod } from "@podwire/api";
import type { Api, Informer } from "@podwire/client";
import type { PodsByNode } from "./pods-by-node.ts";

/** Records an Event in the background. */
export type RecordEvent = (
  about: ObjectReference,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
  origin: { component: string },
) => void;

/** When nodes were heard; the node stream keeps it. */
export interface HeartbeatSource {
  last(node: string): { readonly atMs: number; readonly notReady: string } | undefined;
  /** Calls back on every heartbeat; returns how to stop that. */
  subscribe(listener: (node: string) => void): () => void;
}

export interface Clock {
  /** Monotonic. */
  nowMs(): number;
  /** Since the epoch, for timestamps in objects. */
  wallMs(): number;
  /** Calls back once, `delayMs` later; returns how to cancel. */
  after(delayMs: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface ControllerContext {
  readonly api: Api;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly podsByNode: PodsByNode;
  readonly recordEvent: RecordEvent;
  readonly clock: Clock;
  readonly log: (message: string) => void;
}

/** A running controller; what it does it does from its informers' events on. */
export interface Controller {
  /** Called once when all caches hold what there is. */
  started?(): void;
  stop(): void;
}
