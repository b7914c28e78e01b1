/**
 * Keeps Events bounded: each lives for an hour after it was last seen, and a namespace holds so many at most, of
 * which those seen longest ago go first. Follows the Events by watch, in order of their last change, with one timer
 * that is set to the next one to expire.
 */
import { type Event, isReason, kinds, parseTime } from "@podwire/api";
import { EVENT_TTL_MS, EVENTS_MAX_PER_NAMESPACE } from "../limits.ts";
import type { Registry, Watch } from "../registry/registry.ts";

export interface EventBoundsOptions {
  readonly registry: Registry;
  readonly log: (message: string) => void;
  readonly nowMs?: () => number;
  readonly maxPerNamespace?: number;
  readonly ttlMs?: number;
}

/** Names of the Events of a namespace, the one seen longest ago first, with the time it was last seen. */
type LastSeen = Map<string, number>;

export class EventBounds {
  readonly #registry: Registry;
  readonly #log: (message: string) => void;
  readonly #nowMs: () => number;
  readonly #maxPerNamespace: number;
  readonly #ttlMs: number;
  readonly #namespaces = new Map<string, LastSeen>();
  #watch: Watch<Event> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventBoundsOptions) {
    this.#registry = options.registry;
    this.#log = options.log;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#maxPerNamespace = options.maxPerNamespace ?? EVENTS_MAX_PER_NAMESPACE;
    this.#ttlMs = options.ttlMs ?? EVENT_TTL_MS;
  }

  /** Resolves when what there is has been brought within bounds; goes on until `stop`. */
  async start(): Promise<void> {
    const { items, revision } = await this.#registry.list(kinds.events);
    this.#namespaces.clear();
    const events = items.map(each => each.object).sort((a, b) => seenMs(a) - seenMs(b));
    for (const event of events) this.#saw(event);
    await this.#enforce();
    this.#watch = this.#registry.watch(kinds.events, { afterRevision: revision });
    this.#follow(this.#watch).catch(error => this.#log(`keeping Events bounded: ${error.message}`));
  }

  stop(): void {
    this.#watch?.close();
    clearTimeout(this.#timer);
  }

  async #follow(watch: Watch<Event>): Promise<void> {
    try {
      for (let events = await watch.next(); events !== undefined; events = await watch.next()) {
        for (const { type, stored } of events) {
          this.#forget(stored.object);
          if (type !== "DELETED") this.#saw(stored.object);
        }
        await this.#enforce();
      }
    } catch (error) {
      // Fell behind the retained history: begin again from what there is.
      if (!isReason(error, "Expired")) throw error;
      await this.start();
    }
  }

  #saw(event: Event): void {
    const { namespace, name } = event.metadata;
    const lastSeen: LastSeen = this.#namespaces.get(namespace) ?? new Map();
    this.#namespaces.set(namespace, lastSeen.set(name, seenMs(event) || this.#nowMs()));
  }

  #forget({ metadata: { namespace, name } }: Event): void {
    const lastSeen = this.#namespaces.get(namespace);
    lastSeen?.delete(name);
    if (lastSeen?.size === 0) this.#namespaces.delete(namespace);
  }

  async #enforce(): Promise<void> {
    clearTimeout(this.#timer);
    const expiredMs = this.#nowMs() - this.#ttlMs;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [namespace, lastSeen] of this.#namespaces) {
      for (const [name, ms] of lastSeen) {
        if (ms > expiredMs && lastSeen.size <= this.#maxPerNamespace) {
          oldestMs = Math.min(oldestMs, ms);
          break;
        }
        lastSeen.delete(name);
        await this.#remove(namespace, name);
      }
      if (lastSeen.size === 0) this.#namespaces.delete(namespace);
    }
    if (oldestMs !== Number.POSITIVE_INFINITY) this.#wakeAt(oldestMs + this.#ttlMs);
  }

  #wakeAt(ms: number): void {
    this.#timer = setTimeout(
      () => {
        this.#enforce().catch(error => this.#log(`removing expired Events: ${error.message}`));
      },
      Math.max(0, ms - this.#nowMs()) + 1,
    );
    this.#timer.unref();
  }

  async #remove(namespace: string, name: string): Promise<void> {
    try {
      await this.#registry.delete(kinds.events, { namespace, name });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}

function seenMs({ lastTimestamp, series, eventTime, metadata }: Event): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return (time && parseTime(time)) || 0;
}
