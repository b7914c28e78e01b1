/**
 * Which pod CIDRs each Node gets; a pure function of the Nodes that exist.
 *
 * Every cluster CIDR is cut into subnets of the node mask size of its family, and a Node without
 * spec.podCIDRs gets one subnet of each. What any Node holds is taken, also when it was written by hand and
 * is larger or smaller than a subnet. The state is spec.podCIDRs itself, so a restart forgets nothing, and a
 * deleted Node's subnets are free again. The search goes on behind the subnet handed out last, so that a
 * range that was just released is used last.
 */
import type { Node } from "@podwire/api";
import {
  type Cidr,
  formatCidr,
  nthSubnet,
  overlaps,
  parseCidr,
  subnetCount,
  subnetNumber,
} from "@podwire/wire/cidr";

export interface NodeRanges {
  /** One or two, of different families. */
  clusterCidrs: readonly Cidr[];
  /** Prefix length of a node's CIDR, by family. */
  nodeMaskSizes: { readonly 4: number; readonly 6: number };
}

export interface Allocation {
  /** Pod CIDRs to write, by the name of the Node. */
  assigned: Map<string, string[]>;
  /** Nodes that got none, each with the cluster CIDR that has no subnet left. */
  exhausted: { node: string; clusterCidr: string }[];
}

/** One cluster CIDR with its subnets, taken or free. */
class Pool {
  readonly #range: Cidr;
  readonly #maskSize: number;
  readonly #taken = new Set<number>();
  readonly #count: number;
  /** Where the search begins; kept between allocations by `Allocator`. */
  next: number;

  constructor(range: Cidr, maskSize: number, next: number) {
    this.#range = range;
    this.#maskSize = maskSize;
    this.#count = subnetCount(range, maskSize);
    this.next = next;
  }

  take(held: Cidr): void {
    if (!overlaps(this.#range, held)) return;
    const { from, to } = subnetsCovered(this.#range, this.#maskSize, held);
    for (let index = from; index < to; index++) this.#taken.add(index);
  }

  allocate(): Cidr | undefined {
    if (this.#taken.size === this.#count) return undefined;
    while (this.#taken.has(this.next)) this.next = (this.next + 1) % this.#count;
    const index = this.next;
    this.#taken.add(index);
    this.next = (index + 1) % this.#count;
    return nthSubnet(this.#range, this.#maskSize, index);
  }

  get full(): boolean {
    return this.#taken.size === this.#count;
  }
}

/** The subnets [from, to) of the range that `other`, which overlaps it, covers at least in part. */
export function subnetsCovered(range: Cidr, prefixLength: number, other: Cidr): { from: number; to: number } {
  if (other.prefixLength <= range.prefixLength) return { from: 0, to: subnetCount(range, prefixLength) };
  const from = subnetNumber(range, prefixLength, other.bytes);
  return { from, to: from + Math.max(subnetCount(other, prefixLength), 1) };
}

export class Allocator {
  readonly #ranges: NodeRanges;
  #next: number[];

  constructor(ranges: NodeRanges) {
    this.#ranges = ranges;
    this.#next = ranges.clusterCidrs.map(() => 0);
  }

  /** Nodes are served in the order given: the caller hands them over oldest first. */
  allocate(nodes: readonly Node[]): Allocation {
    const pools = this.#ranges.clusterCidrs.map(
      (range, index) => new Pool(range, this.#ranges.nodeMaskSizes[range.family], this.#next[index]!),
    );
    for (const held of nodes.flatMap(heldBy)) for (const pool of pools) pool.take(held);

    const allocation: Allocation = { assigned: new Map(), exhausted: [] };
    for (const node of nodes) {
      if (podCidrsOf(node).length > 0) continue;
      const full = pools.findIndex(pool => pool.full);
      const { name } = node.metadata;
      if (full >= 0) {
        const clusterCidr = formatCidr(this.#ranges.clusterCidrs[full]!);
        allocation.exhausted.push({ node: name, clusterCidr });
      } else
        allocation.assigned.set(
          name,
          pools.map(pool => formatCidr(pool.allocate()!)),
        );
    }
    this.#next = pools.map(pool => pool.next);
    return allocation;
  }
}

export function podCidrsOf(node: Node): readonly string[] {
  return node.spec.podCIDRs ?? (node.spec.podCIDR ? [node.spec.podCIDR] : []);
}

/** CIDRs of a Node; text that is none takes nothing (validation refuses it on the way in). */
function heldBy(node: Node): Cidr[] {
  return podCidrsOf(node).flatMap(text => {
    const cidr = parseCidr(text);
    return cidr ? [cidr] : [];
  });
}
