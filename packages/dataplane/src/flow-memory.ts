/**
 * Where connection tracking keeps its rows: memory that may outlive the process (a file that the daemon maps), so that the
 * next daemon goes on with the translations of this one. Whoever answers through a Service would be somebody else
 * otherwise, and a connection on which the backend speaks first would be reset.
 *
 *   header, 64 bytes   word 0: magic | 1: flows that fit | 2: clock.ms of the last tick | words 4, 5: its wall-clock time, f64
 *   flows, 64 bytes each, as conntrack.ts draws them | tuples, two of 64 bytes each, as tuple-table.ts does
 *
 * Rows are read one by one and made anew: a process may have ended in the middle of any write.
 */
const MAGIC = 0x50774631;
const HEADER_BYTES = 64;
const ROW_BYTES = 64;

export function flowMemoryBytes(flows: number): number {
  return HEADER_BYTES + flows * 3 * ROW_BYTES;
}

export class FlowMemory {
  readonly flows: Int32Array;
  readonly tuples: Int32Array;
  readonly counts: Float64Array;
  readonly #words: Int32Array;
  readonly #wall: Float64Array;

  constructor(memory: ArrayBuffer, flows: number) {
    this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#wall = new Float64Array(memory, 16, 1);
    this.flows = new Int32Array(memory, HEADER_BYTES, (flows * ROW_BYTES) / 4);
    const tuplesAt = HEADER_BYTES + flows * ROW_BYTES;
    this.tuples = new Int32Array(memory, tuplesAt, (flows * 2 * ROW_BYTES) / 4);
    this.counts = new Float64Array(memory, tuplesAt, (flows * 2 * ROW_BYTES) / 8);
  }

  /** Says what the rows' times mean. */
  stamp(flows: number, clockMs: number, wallMs: number): void {
    this.#words[0] = MAGIC;
    this.#words[1] = flows;
    this.#words[2] = clockMs;
    this.#wall[0] = wallMs;
  }

  /** How long before `wallMs` a time of the rows was, in milliseconds. */
  ageMs(time: number, wallMs: number): number {
    return wallMs - this.#wall[0]! + ((this.#words[2]! - time) | 0);
  }
}

/** The memory of a process before this one; undefined when it is none, or one of another make. */
export function flowMemoryOf(memory: ArrayBuffer, flows: number): FlowMemory | undefined {
  if (memory.byteLength !== flowMemoryBytes(flows)) return undefined;
  const [magic, capacity] = new Int32Array(memory, 0, 2);
  return magic === MAGIC && capacity === flows ? new FlowMemory(memory, flows) : undefined;
}
