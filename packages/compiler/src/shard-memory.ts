/**
 * Memory of shards, used again when the data plane has let go of it: a shared buffer is freed only when both threads have
 * collected their garbage, and the data plane's thread makes so little that it hardly ever does.
 */
const SMALLEST_BYTES = 1024;
/** Of each size: what a burst of changes leaves beyond goes to the collector. */
const MOST_SPARE = 16;

export class ShardMemory {
  /** By size, powers of two. */
  readonly #spare = new Map<number, SharedArrayBuffer[]>();

  /** At least so many bytes, whatever is in them. */
  readonly take = (bytes: number): SharedArrayBuffer => {
    let size = SMALLEST_BYTES;
    while (size < bytes) size *= 2;
    return this.#spare.get(size)?.pop() ?? new SharedArrayBuffer(size);
  };

  /** Of memory that was taken, and that nobody reads any more. */
  give(memory: SharedArrayBuffer): void {
    const spare = this.#spare.get(memory.byteLength) ?? [];
    if (spare.length < MOST_SPARE) spare.push(memory);
    this.#spare.set(memory.byteLength, spare);
  }
}
