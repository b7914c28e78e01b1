/**
 * Which item is the last of a flow: an open-addressed table, emptied after every batch.
 *
 *   slots   | item + 1 | 0 | item + 1 | …      0: free; linear probing; twice as many slots as items at least
 *
 * The key is the port and the packet's 5-tuple, which is not copied: it is compared with the first packet of the
 * item, where it lies. Most packets belong to the flow of the packet before, so that one is tried first.
 */
import { flowHash } from "@podwire/wire";
import { isSameFlow } from "./merge-header.ts";

const FREE = 0;

export class MergeFlows {
  readonly #view: DataView;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #seed: number;
  /** For each item: its slot, its port, its first packet's offset and kind. */
  readonly #slotOf: Int32Array;
  readonly #portOf: Int32Array;
  readonly #packetOf: Int32Array;
  readonly #kindOf: Int32Array;
  readonly #used: Int32Array;
  #usedCount = 0;
  #recent = -1;
  /** Where `find` stopped: the slot that `put` takes. */
  #found = 0;

  constructor(view: DataView, itemCapacity: number, seed: number) {
    let slots = 2;
    while (slots < 2 * itemCapacity) slots *= 2;
    this.#view = view;
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#seed = seed;
    this.#slotOf = new Int32Array(itemCapacity);
    this.#portOf = new Int32Array(itemCapacity);
    this.#packetOf = new Int32Array(itemCapacity);
    this.#kindOf = new Int32Array(itemCapacity);
    this.#used = new Int32Array(itemCapacity);
  }

  /** The last item of the flow of the packet at `at`, or -1. Tcp and Udp packets only. */
  find(port: number, at: number, kind: number): number {
    const recent = this.#recent;
    if (recent >= 0 && this.#isFlow(recent, port, at, kind)) {
      this.#found = this.#slotOf[recent]!;
      return recent;
    }
    let slot = this.#home(port, at, kind);
    for (; this.#slots[slot] !== FREE; slot = (slot + 1) & this.#mask) {
      const item = this.#slots[slot]! - 1;
      if (!this.#isFlow(item, port, at, kind)) continue;
      this.#found = slot;
      this.#recent = item;
      return item;
    }
    this.#found = slot;
    return -1;
  }

  /** Makes `item`, whose first packet was just looked for with `find`, the last item of its flow. */
  put(item: number, port: number, at: number, kind: number): void {
    const slot = this.#found;
    if (this.#slots[slot] === FREE) this.#used[this.#usedCount++] = slot;
    this.#slots[slot] = item + 1;
    this.#slotOf[item] = slot;
    this.#portOf[item] = port;
    this.#packetOf[item] = at;
    this.#kindOf[item] = kind;
    this.#recent = item;
  }

  reset(): void {
    for (let i = 0; i < this.#usedCount; i++) this.#slots[this.#used[i]!] = FREE;
    this.#usedCount = 0;
    this.#recent = -1;
  }

  #isFlow(item: number, port: number, at: number, kind: number): boolean {
    return (
      this.#portOf[item] === port &&
      this.#kindOf[item] === kind &&
      isSameFlow(this.#view, this.#packetOf[item]!, at)
    );
  }

  /** The first slot to look at. Words are read as signed numbers, which V8 never puts on the heap. */
  #home(port: number, at: number, kind: number): number {
    const view = this.#view;
    const seed = this.#seed ^ port;
    const hash =
      view.getUint8(at) >> 4 === 4
        ? flowHash.hashIpv4(
            view.getInt32(at + 12),
            view.getInt32(at + 16),
            view.getInt32(at + 20),
            kind,
            seed,
          )
        : flowHash.hashIpv6(view, at + 8, view.getInt32(at + 40), kind, seed);
    return hash & this.#mask;
  }
}
