/** What the daemon's main thread and the announcer's say to each other. */
import type { Candidacy } from "./claims.ts";

export interface AnnouncerInput {
  readonly device: string;
  readonly mac: Uint8Array;
  readonly node: string;
  readonly vni: number;
  readonly bellFd: number;
  /** Not 0: the process ends. */
  readonly ending: SharedArrayBuffer;
}

export type AnnouncerCommand =
  | { readonly kind: "want"; readonly wanted: readonly Candidacy[] }
  | { readonly kind: "fresh"; readonly isFresh: boolean }
  | { readonly kind: "stop" };

/** Addresses that this node announces from now on, and no others. */
export interface AnnouncerReport {
  readonly claimed: readonly string[];
}
