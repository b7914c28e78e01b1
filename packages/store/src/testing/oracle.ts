/** A store that is slow and obvious: it keeps the whole state as of every revision. */
import type { Entry } from "../store.ts";

export type State = ReadonlyMap<string, Entry>;

export class Oracle {
  readonly #states = new Map<number, State>([[1, new Map()]]);
  revision = 1;

  at(revision: number): State {
    return this.#states.get(revision)!;
  }

  get newest(): State {
    return this.at(this.revision);
  }

  /** Undefined: the key is not as expected, and nothing changes. */
  put(key: string, value: string, expected: number): Entry | undefined {
    const current = this.newest.get(key);
    if ((current?.revision ?? 0) !== expected) return undefined;
    const revision = this.revision + 1;
    const entry = { key, value, revision, createRevision: current?.createRevision ?? revision };
    this.#advance(new Map(this.newest).set(key, entry));
    return entry;
  }

  delete(key: string, expected: number): Entry | undefined {
    const current = this.newest.get(key);
    if (current === undefined || current.revision !== expected) return undefined;
    const next = new Map(this.newest);
    next.delete(key);
    this.#advance(next);
    return current;
  }

  /** In order of key. */
  range(prefix: string, after: string, revision: number): Entry[] {
    return [...this.at(revision).values()]
      .filter(entry => entry.key.startsWith(prefix) && entry.key > after)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #advance(state: State): void {
    this.revision++;
    this.#states.set(this.revision, state);
  }
}
