/**
 * Services, their slices and the host ports of this node's Pods -> the table of Services, kept up to date rather than
 * made anew: what a change costs is the Service that it is about, and the shards with its rows.
 *
 *   Service or slice changes -> its Service is stale -> compile: read again, rows again -> their shards again
 *
 * Nothing is kept here but numbers: rows lie in the shards, and a Service is read from whoever knows it (`KnownServices`
 * of the node) when it is stale. What two Services claim stays with the one that had it first, and goes to the other with
 * the first one's end.
 */
import {
  buildServiceShard,
  formatAddress,
  limits,
  type ServiceKey,
  type ServiceRow,
  type ServiceShards,
  serviceShardOf,
} from "@podwire/tables";
import type { Place } from "./endpoints.ts";
import { type HostPort, hostPortRows } from "./host-ports.ts";
import { type ServiceSource, type SliceSource, serviceRows } from "./service-rows.ts";
import { ShardMemory } from "./shard-memory.ts";
import type { Omission } from "./snapshot.ts";

/** Where Services are read from; names are "namespace/name". */
export interface ServiceReader {
  read(name: string): ServiceSource | undefined;
  slicesOf(name: string): readonly SliceSource[];
}

interface Owner {
  readonly number: number;
  readonly name: string;
  /** With rows of it. */
  shards: ReadonlySet<number>;
}

export interface CompiledServices {
  /** Those that the changes since the last call are about. */
  readonly shards: ServiceShards;
  readonly omissions: readonly Omission[];
  /** What was in their places: for `recycle`, when the data plane has the new ones. */
  readonly replaced: readonly SharedArrayBuffer[];
}

export class Services {
  readonly #reader: ServiceReader;
  readonly #stale = new Set<string>();
  readonly #owners = new Map<string, Owner>();
  readonly #byNumber = new Map<number, Owner>();
  /** By key, who waits for it while another has it. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #hostPorts = new Map<string, readonly HostPort[]>();
  readonly #shards: (SharedArrayBuffer | undefined)[] = new Array(limits.serviceShards).fill(undefined);
  readonly #memory = new ShardMemory();
  #place: Place = { node: "", zone: "" };
  #nextNumber = 1;
  #omissions: Omission[] = [];

  constructor(reader: ServiceReader) {
    this.#reader = reader;
  }

  /** The Service of this name, or one of its slices, is new, changed or gone. */
  changed(name: string): void {
    this.#stale.add(name);
  }

  /** Policies and hints are about where this node is. */
  setPlace(place: Place): void {
    if (place.node === this.#place.node && place.zone === this.#place.zone) return;
    this.#place = place;
    for (const name of this.#owners.keys()) this.#stale.add(name);
  }

  /** All Pods of this node that have host ports, by "namespace/name" of the Pod. */
  setHostPorts(pods: ReadonlyMap<string, readonly HostPort[]>): void {
    for (const [name, ports] of this.#hostPorts) {
      if (pods.has(name)) continue;
      this.#hostPorts.delete(name);
      if (ports.length > 0) this.#stale.add(POD_PREFIX + name);
    }
    for (const [name, ports] of pods) {
      if (JSON.stringify(this.#hostPorts.get(name)) === JSON.stringify(ports)) continue;
      this.#hostPorts.set(name, ports);
      this.#stale.add(POD_PREFIX + name);
    }
  }

  compile(): CompiledServices {
    const touched = new Map<number, SharedArrayBuffer | undefined>();
    const before = [...this.#shards];
    this.#omissions = [];
    while (this.#stale.size > 0) {
      const names = [...this.#stale];
      this.#stale.clear();
      this.#renew(names, touched);
    }
    const replaced = [...touched.keys()].flatMap(shard => before[shard] ?? []);
    return { shards: touched, omissions: this.#omissions, replaced };
  }

  /** Nobody reads these shards any more. */
  recycle(replaced: readonly SharedArrayBuffer[]): void {
    for (const memory of replaced) this.#memory.give(memory);
  }

  #renew(names: readonly string[], touched: Map<number, SharedArrayBuffer | undefined>): void {
    const renewed = new Set<number>();
    const rowsOf = new Map<number, ServiceRow[]>();
    for (const name of names) {
      this.#stopWaiting(name);
      const owner = this.#ownerOf(name);
      renewed.add(owner.number);
      // Its rows of before are taken out of these.
      for (const shard of owner.shards) if (!rowsOf.has(shard)) rowsOf.set(shard, []);
      const rows = this.#rows(owner);
      owner.shards = new Set(rows.map(serviceShardOf));
      for (const row of rows) {
        const shard = serviceShardOf(row);
        rowsOf.set(shard, [...(rowsOf.get(shard) ?? []), row]);
      }
      if (rows.length === 0) this.#forget(owner);
    }
    for (const [shard, rows] of rowsOf) {
      const built = buildServiceShard(this.#shards[shard], renewed, rows, this.#memory.take);
      this.#shards[shard] = built.shard;
      touched.set(shard, built.shard);
      for (const { row, owner } of built.refused) this.#wait(row, owner);
      for (const key of built.freed) this.#wake(key);
    }
  }

  #rows(owner: Owner): ServiceRow[] {
    const { name, number } = owner;
    const omit = (omission: Omission) => this.#omissions.push(omission);
    if (name.startsWith(POD_PREFIX)) {
      const pod = name.slice(POD_PREFIX.length);
      return hostPortRows(pod, this.#hostPorts.get(pod) ?? [], number, omit);
    }
    const service = this.#reader.read(name);
    if (service === undefined) return [];
    return serviceRows(service, this.#reader.slicesOf(name), {
      name,
      owner: number,
      place: this.#place,
      omit,
    });
  }

  #ownerOf(name: string): Owner {
    const known = this.#owners.get(name);
    if (known !== undefined) return known;
    const owner = { number: this.#nextNumber++, name, shards: new Set<number>() };
    this.#owners.set(name, owner);
    this.#byNumber.set(owner.number, owner);
    return owner;
  }

  /** A Service of that name that comes later is another, to which nobody is bound. */
  #forget({ name, number }: Owner): void {
    this.#owners.delete(name);
    this.#byNumber.delete(number);
  }

  #wait(row: ServiceRow, holder: number): void {
    const owner = this.#byNumber.get(row.owner ?? 0)!;
    const key = textOf(row);
    this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(owner.name));
    if (row.port === 0) return;
    const held = objectOf(this.#byNumber.get(holder)?.name ?? "");
    this.#omissions.push({
      object: objectOf(owner.name),
      field: key,
      message: `is already a port of ${held}`,
    });
  }

  #stopWaiting(name: string): void {
    for (const [key, names] of this.#waiting) {
      if (names.delete(name) && names.size === 0) this.#waiting.delete(key);
    }
  }

  #wake(key: ServiceKey): void {
    for (const name of this.#waiting.get(textOf(key)) ?? []) this.#stale.add(name);
  }
}

/** No namespace begins so. */
const POD_PREFIX = "Pod:";

function objectOf(name: string): string {
  return name.startsWith(POD_PREFIX) ? `Pod ${name.slice(POD_PREFIX.length)}` : `Service ${name}`;
}

function textOf({ words, protocol, port }: ServiceKey): string {
  return `${formatAddress(words)} ${protocol}/${port}`;
}
