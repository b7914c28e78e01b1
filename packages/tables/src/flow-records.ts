/**
 * A bounded ring of flow records in a SharedArrayBuffer: the data plane's thread writes, any number of threads
 * read at their own pace, and one that lags learns how many records it lost.
 *
 *   word 0: sequence of the next record (counts up, wraps at 2^32)      words 1–31: unused, a cache line apart
 *
 *   record, 32 words, at 32 + (sequence mod capacity) × 32:
 *     0  sequence, while the record is whole; its complement while it is being written
 *     1  event        2  verdict: 0 or the drop reason     3  protocol
 *     4  source, four words     8  destination, four words
 *    12  source port           13  destination port, and in the upper half that of the backend
 *    14  target of the source  15  target of the destination (target.ts: kind and port or peer)
 *    16  start ms, 18  last ms, 20  packets, 22  bytes                (64-bit floats)
 *    24  packets, 26  bytes of the reply direction                    (64-bit floats)
 *    28  the backend that a Service's flow was given, four words; its port is 0 where there is none
 *
 * A reader copies a record and then looks at word 0 again: changed means overwritten meanwhile.
 */
import { formatAddress, type Words } from "./address.ts";
import { dropName } from "./drop.ts";
import { limits } from "./limits.ts";
import { type TargetKindName, targetIndex, targetKindName } from "./target.ts";

const RECORD_WORDS = 32;

/** What a record reports. */
export const FlowEvent = { started: 0, ended: 1, dropped: 2 } as const;
export type FlowEventName = keyof typeof FlowEvent;
const eventNames = Object.keys(FlowEvent) as FlowEventName[];

/** Word numbers inside a record, for the writer's `cells`. */
export const FlowField = {
  event: 1,
  verdict: 2,
  protocol: 3,
  source: 4,
  destination: 8,
  sourcePort: 12,
  /** The destination's in the lower half, the backend's in the upper. */
  destinationPorts: 13,
  sourceTarget: 14,
  destinationTarget: 15,
  startMs: 16,
  lastMs: 18,
  packets: 20,
  bytes: 22,
  replyPackets: 24,
  replyBytes: 26,
  backend: 28,
} as const;

/** One end of a flow: `pod` and `host` name a port of this node, `peer` a row of the peer table. */
export interface FlowEnd {
  readonly kind: TargetKindName;
  readonly index: number;
}

export interface FlowRecord {
  readonly event: FlowEventName;
  readonly verdict: "forwarded" | "dropped";
  /** `none` when forwarded. */
  readonly dropReason: string;
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Of a flow to a Service: whom it was given to. */
  readonly backend: { readonly address: string; readonly port: number } | undefined;
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly startMs: number;
  readonly lastMs: number;
  readonly packets: number;
  readonly bytes: number;
  readonly replyPackets: number;
  readonly replyBytes: number;
}

/** The data plane's side: `begin` a record, fill `words` and `floats` at the offset it gives, `commit`. */
export class FlowRecordWriter {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly #capacity: number;
  #sequence: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.#capacity = capacityOf(this.words);
    this.#sequence = Atomics.load(this.words, 0);
  }

  /** The first word of the record to fill; a double-word field is at `floats[(at + field) / 2]`. */
  begin(): number {
    const at = recordAt(this.#sequence, this.#capacity);
    Atomics.store(this.words, at, ~this.#sequence);
    return at;
  }

  commit(): void {
    Atomics.store(this.words, recordAt(this.#sequence, this.#capacity), this.#sequence);
    this.#sequence = (this.#sequence + 1) | 0;
    Atomics.store(this.words, 0, this.#sequence);
  }
}

/** A reader with a place of its own in the ring; it starts with the oldest record that is still there. */
export class FlowRecordReader {
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #copy = new Float64Array(RECORD_WORDS / 2);
  #next: number;
  /** Records that were overwritten before this reader came to them. */
  lost = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#capacity = capacityOf(this.#words);
    const written = Atomics.load(this.#words, 0);
    const oldest = (written - this.#capacity) | 0;
    this.#next = Atomics.load(this.#words, recordAt(oldest, this.#capacity)) === oldest ? oldest : 0;
  }

  /** All records since the last call, at most `limit` of them. */
  read(limit = this.#capacity): FlowRecord[] {
    const records: FlowRecord[] = [];
    const written = Atomics.load(this.#words, 0);
    const behind = (written - this.#next) >>> 0;
    if (behind > this.#capacity) {
      this.lost += behind - this.#capacity;
      this.#next = (written - this.#capacity) | 0;
    }
    for (; this.#next !== written && records.length < limit; this.#next = (this.#next + 1) | 0) {
      const record = this.#take(this.#next);
      if (record === undefined) this.lost++;
      else records.push(record);
    }
    return records;
  }

  #take(sequence: number): FlowRecord | undefined {
    const at = recordAt(sequence, this.#capacity);
    if (Atomics.load(this.#words, at) !== sequence) return undefined;
    const words = new Int32Array(this.#copy.buffer);
    words.set(this.#words.subarray(at, at + RECORD_WORDS));
    return Atomics.load(this.#words, at) === sequence ? decode(words, this.#copy) : undefined;
  }
}

export function allocateFlowRecords(capacity: number = limits.flowRecords): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(4 * RECORD_WORDS * (capacity + 1));
  // No slot may look as if it held record 0 before that is written.
  const words = new Int32Array(buffer);
  for (let slot = 0; slot < capacity; slot++) words[recordAt(slot, capacity)] = ~slot;
  return buffer;
}

function capacityOf(words: Int32Array): number {
  return words.length / RECORD_WORDS - 1;
}

function recordAt(sequence: number, capacity: number): number {
  return (1 + ((sequence >>> 0) % capacity)) * RECORD_WORDS;
}

function decode(words: Int32Array, floats: Float64Array): FlowRecord {
  const address = (field: number) => formatAddress([...words.subarray(field, field + 4)] as unknown as Words);
  const end = (value: number): FlowEnd => ({ kind: targetKindName(value), index: targetIndex(value) });
  const verdict = words[FlowField.verdict]!;
  const backendPort = words[FlowField.destinationPorts]! >>> 16;
  return {
    event: eventNames[words[FlowField.event]!] ?? "dropped",
    verdict: verdict === 0 ? "forwarded" : "dropped",
    dropReason: dropName(verdict),
    protocol: words[FlowField.protocol]!,
    source: address(FlowField.source),
    destination: address(FlowField.destination),
    sourcePort: words[FlowField.sourcePort]!,
    destinationPort: words[FlowField.destinationPorts]! & 0xffff,
    backend: backendPort === 0 ? undefined : { address: address(FlowField.backend), port: backendPort },
    from: end(words[FlowField.sourceTarget]!),
    to: end(words[FlowField.destinationTarget]!),
    startMs: floats[FlowField.startMs / 2]!,
    lastMs: floats[FlowField.lastMs / 2]!,
    packets: floats[FlowField.packets / 2]!,
    bytes: floats[FlowField.bytes / 2]!,
    replyPackets: floats[FlowField.replyPackets / 2]!,
    replyBytes: floats[FlowField.replyBytes / 2]!,
  };
}
