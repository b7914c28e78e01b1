/**
 * What a Service is given on its way into the store, before it is validated (upstream: pkg/registry/core/service/storage,
 * alloc.go):
 *
 *   kept         what the client left out of what it had
 *   families     families.ts
 *   ClusterIPs   one a family, those asked for or any: of a new Service, of one that was an ExternalName, and the second
 *                of one that becomes dual-stack. None for an ExternalName; "None" stays
 *   node ports   of each port that needs one; and one for health checks (service-ports.ts)
 *
 * It is taken before the write, and free again when the write came to nothing. What a Service no longer needs is free when
 * the write is done.
 */
import {
  alignNewClusterIPs,
  fieldInvalid,
  internalError,
  invalid,
  isHeadless,
  keepAllocated,
  type Service,
  type ServiceSpec,
} from "@podwire/api";
import { type ClusterIps, canonicalAddresses } from "./cluster-ips.ts";
import { chooseFamilies, type Family, isSettled } from "./families.ts";
import type { NodePorts } from "./node-ports.ts";
import { giveHealthCheckPort, givePorts, type PortTaker } from "./service-ports.ts";

export class ServiceAllocation {
  readonly #families: readonly Family[];
  readonly #ips: ClusterIps;
  readonly #ports: NodePorts;

  /** `families`: those of the cluster, its first one first; none: Services have the addresses that clients wrote. */
  constructor(families: readonly Family[], ips: ClusterIps, ports: NodePorts) {
    this.#families = families;
    this.#ips = ips;
    this.#ports = ports;
  }

  /** The write of a Service begins. */
  begin(key: string): AllocationTurn {
    return new AllocationTurn(key, this.#families, this.#ips, this.#ports);
  }
}

export class AllocationTurn implements PortTaker {
  readonly #key: string;
  readonly #families: readonly Family[];
  readonly #ips: ClusterIps;
  readonly #ports: NodePorts;
  readonly #takenIps: string[] = [];
  readonly #takenPorts: number[] = [];

  constructor(key: string, families: readonly Family[], ips: ClusterIps, ports: NodePorts) {
    this.#key = key;
    this.#families = families;
    this.#ips = ips;
    this.#ports = ports;
  }

  /** Completes `next`. Throws Invalid, or InternalError where there is nothing left to give. */
  allocate(next: Service, stored: Service | undefined): void {
    if (next.spec === undefined) return;
    if (stored === undefined) alignNewClusterIPs(next.spec);
    else keepAllocated(next.spec, stored.spec);
    if (this.#families.length > 0) {
      chooseFamilies(next, stored, this.#families);
      this.#giveAddresses(next, stored?.spec);
    }
    givePorts(next, stored?.spec, this);
    giveHealthCheckPort(next.spec, stored?.spec, this);
  }

  /** The write is done, or came to nothing. */
  end(): void {
    this.#ips.services.revert(this.#key, this.#takenIps);
    this.#ports.services.revert(this.#key, this.#takenPorts);
  }

  #giveAddresses(next: Service, stored: ServiceSpec | undefined): void {
    const { spec } = next;
    if (spec.type === "ExternalName") return;
    if (stored === undefined || stored.type === "ExternalName") {
      if (!isHeadless(spec)) this.#fill(next, 0);
      return;
    }
    if (isSettled(spec, stored) || isHeadless(stored)) return;
    const isWider = stored.ipFamilies?.length === 1 && spec.ipFamilies?.length === 2;
    if (isWider) this.#fill(next, 1);
  }

  /** Addresses of the families from the one at `from` on; those named are taken as they are. */
  #fill(next: Service, from: number): void {
    const { spec } = next;
    const families = spec.ipFamilies ?? [];
    const asked = families.map((_, at) => spec.clusterIPs?.[at] ?? "");
    spec.clusterIPs = asked.map((text, at) =>
      at < from ? text : this.#giveAddress(next, families[at]!, text, asked),
    );
    spec.clusterIP = spec.clusterIPs[0]!;
  }

  #giveAddress({ metadata }: Service, family: Family, text: string, asked: readonly string[]): string {
    if (text === "") {
      const address = this.#ips.takeAny(family, this.#key);
      if (address === undefined)
        throw internalError(new Error("failed to allocate a serviceIP: range is full"));
      this.#takenIps.push(address);
      return address;
    }
    const why = this.#ips.take(text, this.#key);
    if (why !== undefined) {
      const detail = `failed to allocate IP ${text}: ${why}`;
      throw invalid("", "Service", metadata.name ?? "", [fieldInvalid("spec.clusterIPs", asked, detail)]);
    }
    this.#takenIps.push(...canonicalAddresses([text]));
    return text;
  }

  takePort(port: number): string | undefined {
    const why = this.#ports.take(port, this.#key);
    if (why === undefined) this.#takenPorts.push(port);
    return why;
  }

  takeAnyPort(): number | undefined {
    const port = this.#ports.takeAny(this.#key);
    if (port !== undefined) this.#takenPorts.push(port);
    return port;
  }
}
