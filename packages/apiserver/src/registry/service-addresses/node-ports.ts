/**
 * Ports on the nodes, one number for one Service, whatever the protocol (upstream: pkg/registry/core/service/
 * portallocator). Which are taken is known in the way that it is of addresses.
 *
 *   | for those who ask | given to those who do not ask |
 *     first               first + offset           last
 *
 * The offset is upstream's: a thirty-second of the range, at least 16 and at most 128 (KEP-3668).
 */
import { formatPortRange, type PortRange } from "@podwire/wire/port-range";
import { Holders } from "./holders.ts";

export const DEFAULT_NODE_PORTS: PortRange = { first: 30_000, last: 32_767 };

const LEAST_OFFSET = 16;
const MOST_OFFSET = 128;
const OFFSET_STEP = 32;

export class NodePorts {
  readonly #range: PortRange;
  readonly #random: (bound: number) => number;
  readonly services = new Holders<number>();

  constructor(range: PortRange, random: (bound: number) => number) {
    this.#range = range;
    this.#random = random;
  }

  /** Why the Service cannot have the port, in upstream's words; undefined: it has it from now on. */
  take(port: number, key: string): string | undefined {
    const { first, last } = this.#range;
    if (port < first || port > last) {
      return `provided port is not in the valid range. The range of valid ports is ${formatPortRange(this.#range)}`;
    }
    if (this.services.has(port)) return "provided port is already allocated";
    this.services.take(port, key);
    return undefined;
  }

  /** A free port, taken; undefined when there is none. */
  takeAny(key: string): number | undefined {
    const { first, last } = this.#range;
    const upper = first + offsetOf(last - first + 1);
    return this.#takeBetween(upper, last, key) ?? this.#takeBetween(first, upper - 1, key);
  }

  #takeBetween(first: number, last: number, key: string): number | undefined {
    const count = last - first + 1;
    if (count <= 0) return undefined;
    const start = this.#random(count);
    for (let tried = 0; tried < count; tried++) {
      const port = first + ((start + tried) % count);
      if (this.services.has(port)) continue;
      this.services.take(port, key);
      return port;
    }
    return undefined;
  }
}

function offsetOf(size: number): number {
  if (size <= LEAST_OFFSET) return 0;
  return Math.min(Math.max(LEAST_OFFSET, Math.floor(size / OFFSET_STEP)), MOST_OFFSET);
}
