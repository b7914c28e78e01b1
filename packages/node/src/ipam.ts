/**
 * Which pod has which address of this node's pod CIDRs: one of each family.
 *
 *   fresh addresses first, in order -> then released ones, the longest released first -> then none: range full
 *
 * Every answer is on disk before it is given, so a daemon that was killed never hands out an address twice.
 * Offset 0 of a range is its network address, offset 1 the node's own (`pw0`), and the last address of an IPv4
 * range its broadcast address: pods get what lies between.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { AddressRangeFull } from "@podwire/runtime";
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { addressCount, addressNumber, type Cidr, nthAddress, parseCidr } from "@podwire/wire/cidr";
import { MAX_REUSABLE_OFFSETS } from "./limits.ts";

/** Offset of the node's own address in each of its pod CIDRs. */
export const NODE_ADDRESS_OFFSET = 1;
const FIRST_POD_OFFSET = 2;

interface RangeState {
  cidr: string;
  /** The lowest offset that was never handed out. */
  fresh: number;
  /** Offsets given back, the longest released first. */
  released: number[];
}

interface State {
  ranges: RangeState[];
  /** Pod uid -> its addresses, in the order of the ranges. */
  pods: Record<string, string[]>;
}

export class Ipam {
  readonly #file: string;
  readonly #node: string;
  readonly #cidrs: Cidr[];
  #state: State;

  /**
   * @param file where the state is kept; made when missing
   * @param podCidrs the node's pod CIDRs, at most one a family
   * @throws Error when the file holds another node range with pods in it, or is no JSON
   */
  constructor(file: string, node: string, podCidrs: readonly string[]) {
    this.#file = file;
    this.#node = node;
    this.#cidrs = podCidrs.map(text => requireCidr(node, text));
    this.#state = load(file) ?? {
      ranges: podCidrs.map(cidr => ({ cidr, fresh: FIRST_POD_OFFSET, released: [] })),
      pods: {},
    };
    const kept = this.#state.ranges.map(range => range.cidr).join(",");
    if (kept !== podCidrs.join(",")) {
      throw new Error(
        `Node ${node}: ${file} was made for pod CIDRs ${kept}, and the cluster now gives ${podCidrs.join(",")}: ` +
          "remove the node's directory and its pods to start anew",
      );
    }
  }

  /** The node's own address in each range. */
  nodeAddresses(): string[] {
    return this.#cidrs.map(cidr => formatAddress(nthAddress(cidr, NODE_ADDRESS_OFFSET)));
  }

  /** The pod's addresses, the same ones again for a uid that has them. Throws AddressRangeFull. */
  allocate(uid: string): string[] {
    const had = this.#state.pods[uid];
    if (had) return had;
    const state = structuredClone(this.#state);
    const addresses = state.ranges.map((range, i) => {
      const offset = takeOffset(range, this.#cidrs[i]!);
      if (offset === undefined) throw rangeFull(this.#node, range.cidr, usable(this.#cidrs[i]!));
      return formatAddress(nthAddress(this.#cidrs[i]!, offset));
    });
    state.pods[uid] = addresses;
    this.#commit(state);
    return addresses;
  }

  /** Gives the pod's addresses back; a uid without addresses is fine. Returns whether it had any. */
  release(uid: string): boolean {
    const addresses = this.#state.pods[uid];
    if (!addresses) return false;
    const state = structuredClone(this.#state);
    delete state.pods[uid];
    state.ranges.forEach((range, i) => {
      const cidr = this.#cidrs[i]!;
      if (usable(cidr) > MAX_REUSABLE_OFFSETS) return;
      range.released.push(addressNumber(cidr, parseAddress(addresses[i]!)!));
    });
    this.#commit(state);
    return true;
  }

  /** Who has addresses: pod uid -> addresses. */
  allocations(): ReadonlyMap<string, readonly string[]> {
    return new Map(Object.entries(this.#state.pods));
  }

  /** Written beside and renamed over, so that a reader finds the old state or the new one. */
  #commit(state: State): void {
    const draft = `${this.#file}.new`;
    const fd = openSync(draft, "w", 0o600);
    try {
      writeSync(fd, JSON.stringify(state));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, this.#file);
    this.#state = state;
  }
}

function rangeFull(node: string, cidr: string, size: number): AddressRangeFull {
  return new AddressRangeFull(
    `Node ${node}: no free address in pod CIDR ${cidr}: all ${size} are in use ` +
      "(delete Pods of this Node, or make the cluster with a larger node range)",
  );
}

function load(file: string): State | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as State;
  } catch (cause) {
    throw new Error(`${file} is damaged: remove the node's directory and its pods to start anew`, { cause });
  }
}

function requireCidr(node: string, text: string): Cidr {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`Node ${node}: spec.podCIDRs: ${text} is no CIDR (such as 10.244.1.0/24)`);
  return cidr;
}

/** How many pods a range can hold: all but the network, node and (IPv4) broadcast addresses. */
function usable(cidr: Cidr): number {
  return Math.max(0, addressCount(cidr) - FIRST_POD_OFFSET - (cidr.family === 4 ? 1 : 0));
}

function takeOffset(range: RangeState, cidr: Cidr): number | undefined {
  if (range.fresh < FIRST_POD_OFFSET + usable(cidr)) return range.fresh++;
  return range.released.shift();
}
