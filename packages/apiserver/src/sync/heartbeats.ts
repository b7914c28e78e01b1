/**
 * When each node was heard last and what it said: what the node lifecycle controller judges by. Kept in
 * memory only: after a restart every node counts as heard when the process began.
 */
export interface Heartbeat {
  readonly atMs: number;
  /** Why the node cannot run pods; empty when it can. */
  readonly notReady: string;
}

export class Heartbeats {
  readonly #nowMs: () => number;
  readonly #last = new Map<string, Heartbeat>();
  readonly #listeners = new Set<(node: string) => void>();

  /** A monotonic clock. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  last(node: string): Heartbeat | undefined {
    return this.#last.get(node);
  }

  heard(node: string, notReady: string): void {
    this.#last.set(node, { atMs: this.#nowMs(), notReady });
    for (const listener of this.#listeners) listener(node);
  }

  /** Calls back on every heartbeat; returns how to stop that. */
  subscribe(listener: (node: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
