/**
 * The store's changes as a watcher of objects sees them. With selectors, a change that brings an object into the
 * selection is ADDED, one that takes it out is DELETED, with its last selected state.
 */
import type { Kind, KubernetesObject } from "@podwire/api";
import type { Change, Watcher } from "@podwire/store";
import { kindPrefix } from "./keys.ts";
import type { Watch, WatchEvent } from "./registry.ts";
import { onStore } from "./store-errors.ts";
import { lastStateOf, storedOf } from "./stored-object.ts";

/** One of the kinds that a watch follows, with what it selects of it. */
export interface Followed {
  readonly kind: Kind;
  readonly isSelected: ((object: KubernetesObject) => boolean) | undefined;
}

export class ObjectWatch implements Watch {
  readonly #watcher: Watcher;
  readonly #followed: readonly (Followed & { prefix: string })[];

  constructor(watcher: Watcher, followed: readonly Followed[]) {
    this.#watcher = watcher;
    this.#followed = followed.map(each => ({ ...each, prefix: kindPrefix(each.kind) }));
  }

  get position(): number {
    return this.#watcher.position;
  }

  async next(): Promise<readonly WatchEvent[] | undefined> {
    for (;;) {
      const changes = await onStore(() => this.#watcher.next());
      const events = changes?.flatMap(change => this.#eventOf(change) ?? []);
      if (events === undefined || events.length > 0) return events;
    }
  }

  close(): void {
    this.#watcher.close();
  }

  #eventOf(change: Change): WatchEvent | undefined {
    const { kind, isSelected } = this.#followed.find(each => change.key.startsWith(each.prefix))!;
    const { entry, previous, revision } = change;
    const isIn = entry !== undefined && (isSelected?.(storedOf(kind, entry).object) ?? true);
    const wasIn = previous !== undefined && (isSelected?.(storedOf(kind, previous).object) ?? true);
    if (isIn) {
      return { type: wasIn ? "MODIFIED" : "ADDED", kind, revision, stored: storedOf(kind, entry) };
    }
    if (!wasIn) return undefined;
    return { type: "DELETED", kind, revision, stored: lastStateOf(kind, change, previous) };
  }
}
