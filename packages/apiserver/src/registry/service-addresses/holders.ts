/**
 * Who has what of a pool: an address or a port has one holder. What a Service has is what is stored of it, and for the
 * length of a write also what that write is to give it.
 */
export class Holders<T> {
  readonly #holders = new Map<T, string>();
  readonly #stored = new Map<string, readonly T[]>();

  has(item: T): boolean {
    return this.#holders.has(item);
  }

  storedBy(key: string): readonly T[] {
    return this.#stored.get(key) ?? [];
  }

  /** Who has it, if that is stored. */
  storedHolder(item: T): string | undefined {
    const key = this.#holders.get(item);
    return key !== undefined && this.#stored.get(key)?.includes(item) ? key : undefined;
  }

  take(item: T, key: string): void {
    this.#holders.set(item, key);
  }

  /** A holder was written, and has these and no others now; returns what it no longer has. */
  store(key: string, items: readonly T[]): T[] {
    const released = this.storedBy(key).filter(item => !items.includes(item));
    for (const item of released) this.#release(item, key);
    for (const item of items) this.#holders.set(item, key);
    if (items.length > 0) this.#stored.set(key, items);
    else this.#stored.delete(key);
    return released;
  }

  /** The write for which it was taken is over: what was not stored is free again. */
  revert(key: string, taken: readonly T[]): void {
    const stored = this.storedBy(key);
    for (const item of taken) if (!stored.includes(item)) this.#release(item, key);
  }

  #release(item: T, key: string): void {
    if (this.#holders.get(item) === key) this.#holders.delete(item);
  }
}
