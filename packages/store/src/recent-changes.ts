/**
 * The newest changes, in memory, so that all watchers who keep up are given the same objects and nothing is read
 * or parsed per watcher. Revisions are contiguous: one change each.
 */
import { RECENT_MAX_CHANGES, RECENT_MAX_CHARACTERS } from "./limits.ts";
import type { Change } from "./store.ts";

export class RecentChanges {
  #changes: Change[] = [];
  #characters = 0;

  /** The oldest revision held; undefined when there is none. */
  get first(): number | undefined {
    return this.#changes[0]?.revision;
  }

  push(change: Change): void {
    this.#changes.push(change);
    this.#characters += size(change);
    // Half is dropped at once, so that shifting the array costs little for each.
    if (this.#changes.length > RECENT_MAX_CHANGES || this.#characters > RECENT_MAX_CHARACTERS) {
      this.#changes = this.#changes.slice(this.#changes.length >>> 1);
      this.#characters = this.#changes.reduce((sum, each) => sum + size(each), 0);
    }
  }

  /** The change of this revision, which must not be before `first`. */
  at(revision: number): Change | undefined {
    return this.#changes[revision - (this.first ?? 0)];
  }
}

function size({ entry, previous }: Change): number {
  return (entry ?? previous)?.value.length ?? 0;
}
