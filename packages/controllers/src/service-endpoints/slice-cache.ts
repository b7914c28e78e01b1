/** EndpointSlices by Service and by who manages them, with this process's own writes in it at once. */
import type { EndpointSlice, NewObject } from "@podwire/api";
import type { Owned } from "../workloads/owned.ts";
import { link, unlink } from "./label-index.ts";
import { SERVICE_NAME, SLICE_MANAGED_BY } from "./names.ts";

export interface SliceWrites {
  readonly create: readonly NewObject<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

export class SliceCache {
  readonly owned: Owned<EndpointSlice>;
  readonly #keys = new Map<string, Set<string>>();

  /** To be made before others listen to the informer: they find the index up to date. */
  constructor(owned: Owned<EndpointSlice>) {
    this.owned = owned;
    owned.informer.onChange(({ key, before, after }) => {
      const [from, to] = [before && placeOf(before), after && placeOf(after)];
      if (from === to) return;
      if (from !== undefined) unlink(this.#keys, from, key);
      if (to !== undefined) link(this.#keys, to, key);
    });
  }

  /** Those that are not on their way out. */
  of(serviceKey: string, manager: string): EndpointSlice[] {
    const keys = this.#keys.get(`${serviceKey} ${manager}`) ?? [];
    return [...keys].map(key => this.owned.informer.byKey(key)!).filter(slice => !this.owned.isGoing(slice));
  }

  /** In an order in which no endpoint is without a slice meanwhile. Returns whether there was anything to write. */
  async write({ create, update, remove }: SliceWrites): Promise<boolean> {
    await all(create.map(slice => this.owned.create(slice)));
    await all(update.map(slice => this.owned.update(slice)));
    await all(remove.map(slice => this.owned.delete(slice)));
    return create.length + update.length + remove.length > 0;
  }

  /** Calls back with the key of each Service of which a slice of this manager comes, goes or changes. */
  follow(manager: string, wake: (serviceKey: string) => void): void {
    this.owned.informer.onChange(({ before, after }) => {
      const keys = [before, after].map(slice => slice && managedFor(slice, manager));
      for (const key of new Set(keys)) if (key !== undefined) wake(key);
    });
  }
}

function managedFor(
  { metadata: { namespace, labels = {} } }: EndpointSlice,
  manager: string,
): string | undefined {
  const service = labels[SERVICE_NAME];
  return service && labels[SLICE_MANAGED_BY] === manager ? `${namespace}/${service}` : undefined;
}

function placeOf({ metadata: { namespace, labels = {} } }: EndpointSlice): string | undefined {
  const [service, manager] = [labels[SERVICE_NAME], labels[SLICE_MANAGED_BY]];
  return service && manager ? `${namespace}/${service} ${manager}` : undefined;
}

/** As Promise.all, but nothing is under way any more when it fails. */
async function all(writes: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  const failure = results.find(result => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
