/**
 * The one form of the subsets of Endpoints (upstream: pkg/api/v1/endpoints, RepackSubsets): each port stands once, with
 * the ports that have the same addresses in the same state, and each address stands once in its subset.
 *
 *   (address, port, ready)… -> for each port its addresses -> ports with equal addresses -> sorted subsets
 *
 * Upstream sorts ports and subsets by a hash; here they are in the order of their text.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset } from "@podwire/api";

interface PortAddresses {
  /** Absent: the addresses are those of a Service without ports. */
  readonly port: EndpointPort | undefined;
  /** By the key of the address. */
  readonly ready: Map<string, boolean>;
}

export class SubsetPacker {
  readonly #addresses = new Map<string, EndpointAddress>();
  readonly #ports = new Map<string, PortAddresses>();

  /** Of an address that is both, not ready counts. */
  add(address: EndpointAddress, port: EndpointPort | undefined, ready: boolean): void {
    // The same address may be that of several Pods (hostNetwork).
    const key = `${address.ip} ${address.targetRef?.uid ?? ""}`;
    if (!this.#addresses.has(key)) this.#addresses.set(key, address);
    const text = port === undefined ? "" : portText(port);
    let of = this.#ports.get(text);
    if (of === undefined) {
      of = { port, ready: new Map() };
      this.#ports.set(text, of);
    }
    of.ready.set(key, ready && (of.ready.get(key) ?? true));
  }

  pack(): EndpointSubset[] {
    const groups = new Map<string, { ports: EndpointPort[]; ready: ReadonlyMap<string, boolean> }>();
    for (const { port, ready } of this.#ports.values()) {
      const text = [...ready]
        .map(pair => pair.join(" "))
        .sort()
        .join();
      const group = groups.get(text) ?? { ports: [], ready };
      if (port !== undefined) group.ports.push(port);
      groups.set(text, group);
    }
    const subsets = [...groups.values()].map(({ ports, ready }) => ({
      text: ports.map(portText).sort().join(),
      subset: this.#subset(ports, ready),
    }));
    return subsets.sort((a, b) => compare(a.text, b.text)).map(({ subset }) => subset);
  }

  #subset(ports: EndpointPort[], ready: ReadonlyMap<string, boolean>): EndpointSubset {
    const keys = [...ready.keys()].sort(compare);
    const inState = (state: boolean) =>
      keys.filter(key => ready.get(key) === state).map(key => this.#addresses.get(key)!);
    const [addresses, notReadyAddresses] = [inState(true), inState(false)];
    return {
      ...(addresses.length > 0 && { addresses }),
      ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
      ...(ports.length > 0 && { ports: ports.sort((a, b) => compare(portText(a), portText(b))) }),
    };
  }
}

/** Subsets as somebody wrote them, in that form. */
export function repack(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const packer = new SubsetPacker();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    for (const port of ports.length > 0 ? ports : [undefined]) {
      for (const address of addresses) packer.add(address, port, true);
      for (const address of notReadyAddresses) packer.add(address, port, false);
    }
  }
  return packer.pack();
}

function portText({ name = "", port, protocol, appProtocol = "" }: EndpointPort): string {
  return `${name} ${port} ${protocol} ${appProtocol}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
