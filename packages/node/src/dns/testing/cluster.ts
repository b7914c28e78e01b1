/** A cluster in a few words, and questions to its zone as dig would print the answers. */
import type { EndpointSlice, Service } from "@podwire/protocol";
import { formatAddress } from "@podwire/wire/address";
import { parseCidr } from "@podwire/wire/cidr";
import { RCODE, type ResourceRecord, TYPE } from "@podwire/wire/dns";
import { KnownServices } from "../../services.ts";
import { ClusterNames } from "../cluster-names.ts";
import { type Found, Zone } from "../zone.ts";

export const DOMAIN = "cluster.local";
export const NOW_SECONDS = 1_000_000;

export class TestCluster {
  readonly services = new KnownServices();
  readonly names = new ClusterNames(this.services);
  readonly zone: Zone;

  constructor({ isSynced = true } = {}) {
    const reverseCidrs = ["10.96.0.0/12", "10.244.0.0/16", "fd00:10:96::/112", "fd00:10:244::/56"].map(
      text => parseCidr(text)!,
    );
    this.zone = new Zone({ source: this.names, domain: DOMAIN, reverseCidrs, now: () => NOW_SECONDS });
    for (const namespace of ["default", "kube-system", "empty"]) this.names.add(namespace);
    if (isSynced) this.names.synced();
    const dns = ["10.96.0.10", "fd00:10:96::a"];
    this.service("kube-system/kube-dns", { clusterIps: dns, ports: ["dns UDP 53", "dns-tcp TCP 53"] });
  }

  service(key: string, words: { clusterIps?: string[]; ports?: string[]; externalName?: string }): void {
    const { clusterIps = [], ports = [], externalName = "" } = words;
    const zero: Service = {
      ...nameOf(key),
      clusterIps,
      ports: ports.map(portOf),
      externalName,
      externalIps: [],
      loadBalancerIps: [],
      loadBalancerSourceRanges: [],
      affinityTimeoutSeconds: 0,
      internalTrafficPolicyLocal: false,
      externalTrafficPolicyLocal: false,
      healthCheckNodePort: 0,
    };
    this.services.set(zero);
  }

  deleteService(key: string): void {
    this.services.delete(nameOf(key));
  }

  /** Endpoints: `10.244.0.5`, `10.244.0.5 db-0` with a hostname, `10.244.0.5 - unready`. */
  slice(key: string, service: string, ports: string[], endpoints: string[]): void {
    const slice: EndpointSlice = {
      ...nameOf(key),
      service,
      ports: ports.map(portOf),
      endpoints: endpoints.map(text => {
        const [address = "", hostname = "-", unready] = text.split(" ");
        return {
          addresses: [address],
          ready: unready === undefined,
          serving: true,
          terminating: unready === "terminating",
          hostname: hostname === "-" ? "" : hostname,
          nodeName: "",
          zone: "",
          forZones: [],
          forNodes: [],
        };
      }),
    };
    this.services.setSlice(slice);
  }

  /** `web.default.svc.cluster.local A` -> its answers, or NXDOMAIN, NODATA. */
  ask(question: string): string[] {
    const [name = "", type = "A"] = question.split(" ");
    const found = this.zone.find(name, TYPE[type as keyof typeof TYPE]);
    return found === undefined ? ["not ours"] : answersOf(found);
  }
}

export function answersOf({ rcode, answers, outside }: Found): string[] {
  if (rcode === RCODE.nameError) return ["NXDOMAIN"];
  if (rcode !== RCODE.noError) return [`rcode ${rcode}`];
  if (answers.length === 0) return ["NODATA"];
  return [...answers.map(recordText), ...(outside === undefined ? [] : [`and ${outside}`])];
}

export function recordText({ type, data }: ResourceRecord): string {
  const kind = Object.entries(TYPE).find(([, number]) => number === type)?.[0];
  if (data instanceof Uint8Array) return `${kind} ${formatAddress(data)}`;
  if ("target" in data) return `${kind} ${data.target}`;
  if ("host" in data) return `${kind} ${data.priority} ${data.weight} ${data.port} ${data.host}`;
  return "text" in data ? `${kind} "${data.text}"` : `${kind} ${data.server} ${data.serial}`;
}

function nameOf(key: string): { namespace: string; name: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}

function portOf(text: string): Service["ports"][number] {
  const [name = "", protocol = "TCP", port = "0"] = text.split(" ");
  return { name: name === "-" ? "" : name, protocol, port: Number(port), nodePort: 0 };
}
