/**
 * A cache of the objects of a kind that follows the API: list, then watch; list again when the watch has
 * expired. Handlers are told that something changed and read the rest from the cache: what they see is always
 * the newest state known, never a history (level, not edge).
 *
 *   const nodes = new Informer(api, kinds.nodes);
 *   nodes.onChange(({ key }) => queue.add(key));
 *   await nodes.start();
 */
import { setTimeout as delay } from "node:timers/promises";
import { isReason, type Kind, type KubernetesObject } from "@podwire/api";
import type { Api, ObjectRef, ObjectWatch, Selection, WatchEvent } from "../api.ts";
import { LIMITS } from "../limits.ts";

export interface Change<T> {
  /** `namespace/name`, or `name` of a cluster-scoped object. */
  readonly key: string;
  readonly before: T | undefined;
  /** Undefined: gone. */
  readonly after: T | undefined;
}

export interface InformerOptions extends Selection {
  /** Told of what is tried again. */
  readonly log?: (message: string) => void;
}

export function keyOf({ namespace, name }: ObjectRef): string {
  return namespace ? `${namespace}/${name}` : name;
}

export class Informer<T extends KubernetesObject> {
  readonly #api: Pick<Api, "list" | "watch">;
  readonly #kind: Kind<T>;
  readonly #options: InformerOptions;
  readonly #objects = new Map<string, T>();
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #stopped = new AbortController();
  #watch: ObjectWatch<T> | undefined;
  #position = 0;

  constructor(api: Pick<Api, "list" | "watch">, kind: Kind<T>, options: InformerOptions = {}) {
    this.#api = api;
    this.#kind = kind;
    this.#options = options;
  }

  /** Resolves when the cache holds everything that there was; handlers have been called for it. */
  async start(): Promise<void> {
    await this.#relist();
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
    this.#watch?.close();
  }

  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(keyOf(ref));
  }

  byKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): T[] {
    return [...this.#objects.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The result of an own write: in the cache at once, instead of with its event. */
  observe(object: T): void {
    // What the watch has passed it knows better: this state may have been followed by a deletion.
    if (revisionOf(object) > this.#position) this.#put(object);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        this.#watch = this.#api.watch(this.#kind, this.#position, this.#options);
        if (signal.aborted) return this.#watch.close();
        await this.#follow(this.#watch);
      } catch (error) {
        if (signal.aborted) return;
        if (!isReason(error, "Expired")) this.#log(error);
      }
      await this.#relist();
    }
  }

  async #follow(watch: ObjectWatch<T>): Promise<void> {
    for (let events = await watch.next(); events !== undefined; events = await watch.next()) {
      for (const event of events) this.#apply(event);
      this.#position = Math.max(this.#position, watch.position);
    }
  }

  #apply({ type, object }: WatchEvent<T>): void {
    this.#position = Math.max(this.#position, revisionOf(object));
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (type !== "DELETED") this.#put(object);
    // Another object of the same name may have been observed meanwhile.
    else if (before !== undefined && revisionOf(before) <= revisionOf(object)) this.#remove(key, before);
  }

  /** Until it succeeds or the informer is stopped. */
  async #relist(): Promise<void> {
    let delayMs: number = LIMITS.retryDelayMs.first;
    while (!this.#stopped.signal.aborted) {
      try {
        const { items, revision } = await this.#api.list(this.#kind, this.#options);
        this.#position = revision;
        const keys = new Set(items.map(({ metadata }) => keyOf(metadata)));
        for (const [key, before] of this.#objects) {
          if (!keys.has(key) && revisionOf(before) <= revision) this.#remove(key, before);
        }
        for (const item of items) this.#put(item);
        return;
      } catch (error) {
        this.#log(error);
        await delay(delayMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, LIMITS.retryDelayMs.most);
      }
    }
  }

  #put(object: T): void {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (before !== undefined && revisionOf(before) >= revisionOf(object)) return;
    this.#objects.set(key, object);
    this.#tell({ key, before, after: object });
  }

  #remove(key: string, before: T): void {
    this.#objects.delete(key);
    this.#tell({ key, before, after: undefined });
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) handler(change);
  }

  #log(error: unknown): void {
    this.#options.log?.(`${this.#kind.plural}: ${(error as Error).message}; trying again`);
  }
}

/** Revisions are one sequence over all objects, so a larger one is a newer state. */
function revisionOf({ metadata }: KubernetesObject): number {
  return Number(metadata.resourceVersion);
}
