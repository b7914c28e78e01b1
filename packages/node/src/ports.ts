/** Which data-plane port belongs to which pod. Port 0 is the node's own device. */

import type { HostPort } from "@podwire/compiler";

export const HOST_PORT = 0;
const FIRST_POD_PORT = 1;

/** The lowest number from `from` on that is not used. */
export function lowestFree(used: ReadonlySet<number>, from: number): number {
  let candidate = from;
  while (used.has(candidate)) candidate++;
  return candidate;
}

export interface PodPort {
  readonly port: number;
  readonly uid: string;
  /** "namespace/name". */
  readonly name: string;
  readonly addresses: readonly string[];
  readonly hostPorts: readonly HostPort[];
  readonly fd: number;
}

export class Ports {
  readonly #byUid = new Map<string, PodPort>();
  /** Taken from their pods, and still in the data plane. */
  readonly #leaving = new Set<number>();

  add(pod: Omit<PodPort, "port">): PodPort {
    const used = new Set([...this.#byUid.values()].map(entry => entry.port).concat(...this.#leaving));
    const entry = { ...pod, port: lowestFree(used, FIRST_POD_PORT) };
    this.#byUid.set(pod.uid, entry);
    return entry;
  }

  /** The port that the pod had, if any. No other pod gets its number before `release`. */
  take(uid: string): PodPort | undefined {
    const entry = this.#byUid.get(uid);
    this.#byUid.delete(uid);
    if (entry !== undefined) this.#leaving.add(entry.port);
    return entry;
  }

  /** The data plane no longer has the port. */
  release({ port }: PodPort): void {
    this.#leaving.delete(port);
  }

  list(): PodPort[] {
    return [...this.#byUid.values()];
  }
}
