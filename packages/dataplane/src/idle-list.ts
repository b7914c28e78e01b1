/**
 * The flows by how long they have been idle: a doubly linked list, oldest first, whose links are two arrays indexed by
 * flow. A flow moves to the new end at most once a second, so the order is true to a second, and a packet seldom
 * touches its neighbours' memory.
 */
import type { Clock } from "./clock.ts";

const NONE = -1;
const RELIST_MS = 1000;

export class IdleList {
  /** The flow that has been idle longest; −1 when there is none. */
  oldest = NONE;
  #newest = NONE;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  readonly #listedAt: Int32Array;
  readonly #clock: Clock;

  constructor(flows: number, clock: Clock) {
    this.#older = new Int32Array(flows);
    this.#newer = new Int32Array(flows);
    this.#listedAt = new Int32Array(flows);
    this.#clock = clock;
  }

  /** A packet of the flow has come. */
  refresh(flow: number): void {
    if (((this.#clock.ms - this.#listedAt[flow]!) | 0) < RELIST_MS) return;
    this.remove(flow);
    this.append(flow);
  }

  append(flow: number): void {
    this.#listedAt[flow] = this.#clock.ms;
    this.#older[flow] = this.#newest;
    this.#newer[flow] = NONE;
    if (this.#newest === NONE) this.oldest = flow;
    else this.#newer[this.#newest] = flow;
    this.#newest = flow;
  }

  remove(flow: number): void {
    const older = this.#older[flow]!;
    const newer = this.#newer[flow]!;
    if (older === NONE) this.oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}
