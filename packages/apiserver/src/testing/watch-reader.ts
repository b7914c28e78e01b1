/**
 * A client of watches that writes down all it sees: where each watch began, its events in the batches in which they
 * came, its bookmarks, and what it listed when history had moved on without it.
 */
import { isReason, kinds, parseLabelSelector } from "@podwire/api";
import type { Registry, Watch } from "../registry/registry.ts";
import { type ReaderSelection, type SeenEvent, stateOf } from "./watch-history.ts";

/** One watch, from its start to its end. */
export interface Segment {
  readonly after: number;
  readonly batches: SeenEvent[][];
  /** How many batches had come, and the revision up to which that was said to be all. */
  readonly bookmarks: { readonly batches: number; readonly revision: number }[];
  /** All that concerns the reader up to here has come. */
  upTo: number;
}

export interface ListSeen {
  readonly revision: number;
  readonly contents: readonly string[];
}

export interface ReaderOptions {
  readonly name: string;
  readonly selection: ReaderSelection;
  /** After so many batches the watch is cut, and taken up where it was. */
  readonly cutAfter?: number;
  /** Before it reads on, it waits for so many revisions to pass. */
  readonly lag?: number;
}

export class WatchReader {
  readonly options: ReaderOptions;
  readonly segments: Segment[] = [];
  readonly lists: ListSeen[] = [];
  /** Times that history had moved on without it. */
  expired = 0;
  #position = 0;

  constructor(options: ReaderOptions) {
    this.options = options;
  }

  /** Reads until `until` says that there is nothing more to come, or the registry's store closes. */
  async read(registry: Registry, until: () => number | undefined, passed: Passed): Promise<void> {
    if (this.#position === 0) await this.#list(registry);
    while (!this.#isDone(until())) {
      try {
        await this.#watch(registry, until, passed);
      } catch (error) {
        if (isReason(error, "ServiceUnavailable")) return;
        if (!isReason(error, "Expired")) throw error;
        this.expired++;
        await this.#list(registry);
      }
      if (passed.isClosed()) return;
    }
  }

  #isDone(end: number | undefined): boolean {
    return end !== undefined && this.#position >= end;
  }

  async #list(registry: Registry): Promise<void> {
    const { items, revision } = await registry.list(kinds.configMaps, this.#selectors());
    const contents = items.map(({ key, object }) => `${key}=${stateOf(object).n}`).sort();
    this.lists.push({ revision, contents });
    this.#position = revision;
  }

  async #watch(registry: Registry, until: () => number | undefined, passed: Passed): Promise<void> {
    const { cutAfter = Number.POSITIVE_INFINITY, lag = 0 } = this.options;
    const segment: Segment = { after: this.#position, batches: [], bookmarks: [], upTo: this.#position };
    const watch = registry.watch(kinds.configMaps, { ...this.#selectors(), afterRevision: this.#position });
    this.segments.push(segment);
    const stop = passed.onEnd(() => watch.close());
    try {
      while (segment.batches.length < cutAfter && !this.#isDone(until())) {
        if (lag > 0) await passed.past(this.#position + lag);
        const isOpen = await this.#take(watch, segment);
        if (!isOpen) return;
      }
    } finally {
      stop();
      watch.close();
    }
  }

  async #take(watch: Watch, segment: Segment): Promise<boolean> {
    const events = await watch.next();
    if (events === undefined) return false;
    segment.batches.push(
      events.map(({ type, revision, stored }) => ({
        type,
        revision,
        key: stored.key,
        n: stateOf(stored.object as never).n,
      })),
    );
    segment.bookmarks.push({ batches: segment.batches.length, revision: watch.position });
    segment.upTo = watch.position;
    this.#position = watch.position;
    return true;
  }

  #selectors() {
    const { namespace, tier } = this.options.selection;
    return { namespace, ...(tier !== undefined && { labels: parseLabelSelector(`tier=${tier}`) }) };
  }
}

/** How far the writers are: what readers that lag wait for. */
export interface Passed {
  /** Resolves when the store is past this revision, or no more will come. */
  past(revision: number): Promise<void>;
  /** Calls back when no more will come on this store; returns how to stop that. */
  onEnd(call: () => void): () => void;
  isClosed(): boolean;
}
