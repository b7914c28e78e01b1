/**
 * The node's kernel and the data plane agree on who has which packets (`wanted.ts` says what):
 *
 *   from eth0, from processes of the node -> nftables marks what is an entry -> rule 50: table 80: all to pw0
 *   to addresses of this lab's pools                                         -> rule 90: table 81: to pw0
 *   the node's own addresses                                                 -> rule 100: local, elsewhere at 0
 *   to other addresses of Services, where there is no way                    -> rule 32768: table 82: to pw0
 *
 * Kept by owner (a Service, a pod's host ports): a change costs what it is about. `apply` brings the kernel to what is
 * wanted, whatever a daemon before this one has left; if it fails, the next one starts from the beginning.
 */
import {
  changeEntries,
  ENTRY_MARK,
  type Entry,
  type Rtnetlink,
  replaceEntries,
  withRtnetlink,
  writeSysctl,
} from "@podwire/linux";
import { NOTHING, type Wanted } from "./wanted.ts";

const TABLE = { entries: 80, owned: 81, foreign: 82 } as const;
const RULES = [
  { priority: 50, table: TABLE.entries, mark: ENTRY_MARK },
  { priority: 90, table: TABLE.owned },
  { priority: 32_768, table: TABLE.foreign },
] as const;
const LOCAL_TABLE = 255;
const LOCAL_PRIORITY = 100;
/** Loose: a packet's source must be reachable, over whichever device. */
const LOOSE = 2;

export interface EntryPointsOptions {
  /** The data plane's device in the node's namespace. */
  readonly device: string;
  /** The node's addresses on that device, at most one a family. */
  readonly deviceAddresses: readonly string[];
}

export class EntryPoints {
  readonly #options: EntryPointsOptions;
  readonly #byOwner = new Map<string, Wanted>();
  readonly #entries = new Counted<Entry>();
  readonly #owned = new Counted<string>();
  readonly #foreign = new Counted<string>();
  #isMade = false;

  constructor(options: EntryPointsOptions) {
    this.#options = options;
  }

  set(owner: string, wanted: Wanted): void {
    const before = this.#byOwner.get(owner) ?? NOTHING;
    const { entries, owned, foreign } = wanted;
    if (entries.length + owned.length + foreign.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, wanted);
    const keyed = (list: readonly Entry[]) => list.map(each => [keyOf(each), each] as const);
    const named = (list: readonly string[]) => list.map(each => [each, each] as const);
    this.#entries.replace(keyed(before.entries), keyed(entries));
    this.#owned.replace(named(before.owned), named(owned));
    this.#foreign.replace(named(before.foreign), named(foreign));
  }

  /** Throws what the kernel refuses. */
  apply(): void {
    const entries = this.#entries.take();
    const owned = this.#owned.take();
    const foreign = this.#foreign.take();
    try {
      if (!this.#isMade) {
        this.#make();
        return;
      }
      if (entries.added.length + entries.removed.length > 0)
        changeEntries(undefined, entries.added, entries.removed);
      if (owned.isChanged || foreign.isChanged) withRtnetlink(undefined, network => this.#route(network));
    } catch (error) {
      this.#isMade = false;
      throw error;
    }
  }

  #make(): void {
    const { device } = this.#options;
    // Answers of the data plane have sources that are the node's own addresses.
    writeSysctl(undefined, `net/ipv4/conf/${device}/accept_local`, 1);
    writeSysctl(undefined, `net/ipv4/conf/${device}/rp_filter`, LOOSE);
    withRtnetlink(undefined, network => {
      for (const family of this.#families()) {
        const destination = family === 4 ? "0.0.0.0/0" : "::/0";
        network.replaceRoute({ destination, device, table: TABLE.entries });
        makeRules(network, family);
      }
      this.#route(network);
    });
    replaceEntries(undefined, device, this.#entries.all());
    this.#isMade = true;
  }

  #families(): (4 | 6)[] {
    return this.#options.deviceAddresses.map(address => (isIpv6(address) ? 6 : 4));
  }

  #route(network: Rtnetlink): void {
    for (const [table, wanted] of [
      [TABLE.owned, this.#owned.all()],
      [TABLE.foreign, this.#foreign.all()],
    ] as const) {
      const destinations = new Map(wanted.map(address => [hostPrefix(address), address]));
      const { device, deviceAddresses } = this.#options;
      for (const destination of network.listDestinations(table)) {
        if (!destinations.delete(destination)) network.deleteRoute({ destination, device, table });
      }
      for (const [destination, address] of destinations) {
        const source = deviceAddresses.find(each => isIpv6(each) === isIpv6(address));
        if (source !== undefined) network.replaceRoute({ destination, device, table, source });
      }
    }
  }
}

/** The rule for the node's own addresses moves behind ours: first the new one, so that it is never missing. */
function makeRules(network: Rtnetlink, family: 4 | 6): void {
  const has = (priority: number, table: number) =>
    rules.some(r => r.priority === priority && r.table === table);
  const rules = network.listRules(family);
  const local = { family, table: LOCAL_TABLE };
  if (!has(LOCAL_PRIORITY, LOCAL_TABLE)) network.addRule({ ...local, priority: LOCAL_PRIORITY });
  for (const rule of RULES) if (!has(rule.priority, rule.table)) network.addRule({ family, ...rule });
  if (has(0, LOCAL_TABLE)) network.deleteRule({ ...local, priority: 0 });
}

/** Things that several owners may want, and what has changed since they were last taken. */
class Counted<T> {
  readonly #wanted = new Map<string, { value: T; owners: number }>();
  readonly #taken = new Map<string, T>();
  readonly #touched = new Set<string>();

  replace(before: readonly (readonly [string, T])[], after: readonly (readonly [string, T])[]): void {
    for (const [key, value] of after) {
      const known = this.#wanted.get(key);
      this.#wanted.set(key, { value, owners: (known?.owners ?? 0) + 1 });
      this.#touched.add(key);
    }
    for (const [key] of before) {
      const known = this.#wanted.get(key)!;
      if (--known.owners === 0) this.#wanted.delete(key);
      this.#touched.add(key);
    }
  }

  take(): { added: T[]; removed: T[]; isChanged: boolean } {
    const added: T[] = [];
    const removed: T[] = [];
    for (const key of this.#touched) {
      const value = this.#wanted.get(key)?.value;
      const had = this.#taken.get(key);
      if (value !== undefined && had === undefined) added.push(value);
      if (value === undefined && had !== undefined) removed.push(had);
      if (value === undefined) this.#taken.delete(key);
      else this.#taken.set(key, value);
    }
    this.#touched.clear();
    return { added, removed, isChanged: added.length + removed.length > 0 };
  }

  all(): T[] {
    return [...this.#wanted.values()].map(({ value }) => value);
  }
}

function keyOf({ address, protocol, port }: Entry): string {
  return `${address} ${protocol} ${port}`;
}

function hostPrefix(address: string): string {
  return `${address}/${isIpv6(address) ? 128 : 32}`;
}

function isIpv6(address: string): boolean {
  return address.includes(":");
}
