/**
 * What really happened to the ConfigMaps of a store, written down where writes are acknowledged, on another way
 * than watches take. It says what a watch of any selection has to show.
 */
import { type ConfigMap, kinds } from "@podwire/api";
import type { Store } from "@podwire/store";
import { kindPrefix } from "../registry/keys.ts";

/** A state of an object: `n` is unlike that of every other state. */
export interface State {
  readonly namespace: string;
  readonly tier: string | undefined;
  readonly n: string;
}

interface HistoricChange {
  readonly revision: number;
  readonly key: string;
  readonly before: State | undefined;
  readonly after: State | undefined;
}

/** An event as a reader saw it, or as it has to see it. `n` is that of the last state for DELETED. */
export interface SeenEvent {
  readonly type: string;
  readonly revision: number;
  readonly key: string;
  readonly n: string;
}

export interface ReaderSelection {
  readonly namespace?: string;
  readonly tier?: string;
}

const PREFIX = kindPrefix(kinds.configMaps);

export class WatchHistory {
  readonly #changes: HistoricChange[] = [];
  readonly #states = new Map<string, State>();
  /** By selection; made when the history is settled. */
  readonly #events = new Map<string, readonly SeenEvent[]>();

  get length(): number {
    return this.#changes.length;
  }

  /** The store, with each acknowledged write to a ConfigMap written down. */
  record(store: Store): Store {
    const note = (key: string, revision: number, after: State | undefined) => {
      if (key.startsWith(PREFIX)) this.#changes.push({ revision, key, before: undefined, after });
    };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === "put") {
          return async (key: string, value: string, expected: number) => {
            const entry = await target.put(key, value, expected);
            note(key, entry.revision, stateOf(JSON.parse(value)));
            return entry;
          };
        }
        if (name === "delete") {
          return async (key: string, expected: number) => {
            const removed = await target.delete(key, expected);
            note(key, removed.revision, undefined);
            return removed;
          };
        }
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** Puts what was acknowledged in order of revision: call it when all writes have ended. */
  settle(): void {
    this.#changes.sort((a, b) => a.revision - b.revision);
    this.#states.clear();
    for (const [at, change] of this.#changes.entries()) {
      this.#changes[at] = { ...change, before: this.#states.get(change.key) };
      if (change.after === undefined) this.#states.delete(change.key);
      else this.#states.set(change.key, change.after);
    }
  }

  /** The events of a watch of `selection`, after one revision and up to another. */
  events(selection: ReaderSelection, after: number, upTo: number): SeenEvent[] {
    const all = this.#eventsOf(selection);
    return all.slice(firstAfter(all, after), firstAfter(all, upTo));
  }

  #eventsOf(selection: ReaderSelection): readonly SeenEvent[] {
    const id = JSON.stringify(selection);
    let events = this.#events.get(id);
    if (events === undefined) {
      events = this.#changes.flatMap(change => eventOf(change, selection) ?? []);
      this.#events.set(id, events);
    }
    return events;
  }

  /** What a list of `selection` has to hold at a revision: `key=n`, sorted. */
  contents(selection: ReaderSelection, revision: number): string[] {
    const states = new Map<string, string>();
    for (const change of this.#changes) {
      if (change.revision > revision) break;
      if (isSelected(change.after, selection)) states.set(change.key, change.after.n);
      else states.delete(change.key);
    }
    return [...states].map(([key, n]) => `${key}=${n}`).sort();
  }
}

/** The index of the first event of a later revision. */
function firstAfter(events: readonly SeenEvent[], revision: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function stateOf({ metadata, data }: ConfigMap): State {
  return { namespace: metadata.namespace, tier: metadata.labels?.tier, n: data?.n ?? "" };
}

function isSelected(state: State | undefined, { namespace, tier }: ReaderSelection): state is State {
  if (state === undefined) return false;
  return (namespace ?? state.namespace) === state.namespace && (tier ?? state.tier) === state.tier;
}

function eventOf(change: HistoricChange, selection: ReaderSelection): SeenEvent | undefined {
  const { revision, key, before, after } = change;
  const wasIn = isSelected(before, selection);
  if (isSelected(after, selection)) {
    return { type: wasIn ? "MODIFIED" : "ADDED", revision, key, n: after.n };
  }
  return wasIn ? { type: "DELETED", revision, key, n: before.n } : undefined;
}
