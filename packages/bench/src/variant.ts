/**
 * The two things compared, seen alike: three pods of which two share a node, reached over the same underlay.
 */
import type { Family, Place } from "./cases.ts";

export interface BenchPod {
  /** A process in the pod's network namespace. */
  readonly pid: number;
  readonly addresses: Readonly<Record<Family, string>>;
  /** Where clients ask for it: a Service's address, for example. Its own addresses without it. */
  readonly askedAt?: Readonly<Record<Family, string>>;
}

export interface Variant {
  readonly name: "podwire" | "kernel";
  /** Where the traffic comes from. */
  readonly client: BenchPod;
  readonly servers: Readonly<Record<Place, BenchPod>>;
  /** Processes that carry the packets and that pinning must pin too; none for the kernel. */
  readonly daemonPids: readonly number[];
}

/** A node of the underlay, as far as an overlay on it needs to know. */
export interface UnderlayNode {
  readonly name: string;
  /** A process in the node's network namespace. */
  readonly pid: number;
  /** Its own on the underlay, IPv4. */
  readonly address: string;
}
