/**
 * What the daemon's main thread tells the data plane's thread, and what comes back.
 *
 * A command is posted on the worker's message port and the bell (an eventfd in the worker's epoll) is rung; the
 * worker takes it between two breaths, applies it, and answers under the same id.
 */
import type { ServiceShards } from "@podwire/tables";

/** A TUN device of this node. Port 0 is `pw0`. */
export interface PortOptions {
  readonly port: number;
  /** Stays the caller's; close it after `removePort`. */
  readonly fd: number;
  /** Of the device: nothing larger is written to it, unless as a super-packet. */
  readonly mtu: number;
}

/** Where the underlay finds a peer of the tables. */
export interface PeerEndpoint {
  /** Row of the peer in the tables. */
  readonly index: number;
  readonly address: string;
  readonly udpPort: number;
}

export type Command =
  | ({ readonly kind: "addPort" } & PortOptions)
  | { readonly kind: "removePort"; readonly port: number }
  | {
      readonly kind: "publish";
      readonly tables: SharedArrayBuffer;
      readonly peers: readonly PeerEndpoint[];
      readonly services: ServiceShards;
    }
  | { readonly kind: "publishServices"; readonly services: ServiceShards }
  | { readonly kind: "stop" };

export interface Posted {
  readonly id: number;
  readonly command: Command;
}

/** `error` is absent when the command was applied. Id 0 answers the start itself. */
export interface Answer {
  readonly id: number;
  readonly error?: string;
}

export const STARTED = 0;

/** What the worker is started with. */
export interface WorkerInput {
  readonly udpPort: number;
  /** Whether the TUN devices take whole UDP super-packets (`Tun.udpSegmentation`). */
  readonly udpSegmentation: boolean;
  /** The tables to begin with. */
  readonly tables: SharedArrayBuffer;
  /** File of translated flows, for the next daemon; without it, they are this thread's alone. */
  readonly flowsPath?: string;
  readonly counters: SharedArrayBuffer;
  readonly flowRecords: SharedArrayBuffer;
  readonly bellFd: number;
  /** Word 0 becomes 1 when the process ends: the loop must return, whatever else is queued. */
  readonly ending: SharedArrayBuffer;
}
