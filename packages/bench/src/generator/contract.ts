/**
 * What the benchmark and its traffic generator say to each other: a task as one JSON argument, and on the
 * generator's standard output the line READY once it listens (servers only), then one line with the result.
 * Servers that have no result run until they are killed.
 */
import type { Family } from "../cases.ts";

export const READY = "ready";

/** The port servers listen on, inside their pod. */
export const PORT = 5201;

interface Server {
  readonly address: string;
  readonly family: Family;
}

interface Client {
  readonly address: string;
  readonly family: Family;
  readonly seconds: number;
}

export type GeneratorTask =
  /** Reads `streams` connections to their end; the result covers a window that opens after the warm-up. */
  | (Server & {
      readonly role: "stream-sink";
      readonly streams: number;
      readonly warmUpSeconds: number;
      readonly seconds: number;
    })
  | (Client & { readonly role: "stream-source"; readonly streams: number })
  /** Sends back what it gets. */
  | (Server & { readonly role: "echo" })
  | (Client & { readonly role: "ping"; readonly warmUpSeconds: number })
  /** Answers one byte with one byte and closes. */
  | (Server & { readonly role: "acceptor" })
  | (Client & { readonly role: "connector" })
  | (Server & { readonly role: "datagram-sink" })
  /** Searches the highest rate; `seconds` is the length of one step of the search. */
  | (Client & { readonly role: "datagram-source"; readonly payloadBytes: number });

export interface StreamResult {
  readonly bytes: number;
  readonly seconds: number;
  /** Processor time of the whole machine in the same window. */
  readonly busySeconds: number;
}

export interface RoundTripResult {
  readonly count: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

export interface ConnectionResult {
  readonly connections: number;
  readonly seconds: number;
}

export interface DatagramResult {
  readonly packetsPerSecond: number;
  readonly loss: number;
}
