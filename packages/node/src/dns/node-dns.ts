/**
 * The DNS server as the daemon holds it: on the node's own addresses in the pod network, tried again for as long as
 * somebody else has the port, which is a line in the log and no reason for a node to be without its pods.
 */
import { readFileSync } from "node:fs";
import { openNamespace, withRtnetlink } from "@podwire/linux";
import { type Cidr, networkOf, parseCidr, parseInterfaceAddress } from "@podwire/wire/cidr";
import type { ClusterNames } from "./cluster-names.ts";
import { type ForwardingOptions, nameserversOf, serversOf } from "./forward/servers.ts";
import { LISTEN_RETRY_MS } from "./limits.ts";
import { type DnsServer, type DnsServerOptions, startDnsServer } from "./server.ts";

const RESOLV_CONF = "/etc/resolv.conf";

export interface NodeDnsOptions {
  readonly names: ClusterNames;
  /** cluster.local */
  readonly domain: string;
  /** The node's addresses in the pod network, where it listens. */
  readonly addresses: readonly string[];
  /** Those on the underlay: processes of the node may ask from there. */
  readonly nodeAddresses: readonly string[];
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  readonly underlayDevice: string;
  readonly forwarding: ForwardingOptions;
  /** A process in the machine's network; absent: the node is in it itself. */
  readonly machineNamespace?: number | undefined;
  log(line: string): void;
}

export class NodeDns {
  /** Resolves when it listens, or has failed to for the first time. */
  readonly started: Promise<void>;
  readonly #options: NodeDnsOptions;
  #server: DnsServer | undefined;
  #namespace: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: NodeDnsOptions) {
    this.#options = options;
    this.started = this.#start();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#server?.close();
  }

  async #start(): Promise<void> {
    const { names, domain, addresses, nodeAddresses, clusterCidrs, serviceCidrs, log } = this.#options;
    const pods = clusterCidrs.flatMap(text => parseCidr(text) ?? []);
    const services = serviceCidrs.flatMap(text => parseCidr(text) ?? []);
    try {
      this.#server = await startDnsServer({
        source: names,
        domain,
        addresses,
        clientCidrs: pods,
        clientAddresses: nodeAddresses,
        reverseCidrs: [...pods, ...services],
        ...this.#servers([...pods, ...services]),
      });
      if (this.#isClosed) this.#server.close();
    } catch (error) {
      log(`DNS: ${(error as Error).message}; trying again`);
      if (!this.#isClosed) this.#retry = setTimeout(() => void this.#start(), LISTEN_RETRY_MS);
    }
  }

  #servers(cluster: readonly Cidr[]): Pick<DnsServerOptions, "upstreams" | "stubs"> {
    const { forwarding, underlayDevice } = this.#options;
    const underlay = withRtnetlink(undefined, network => network.listAddresses(underlayDevice));
    const networks = {
      inside: [...cluster, ...underlay.flatMap(({ address }) => networkOfAddress(address))],
      machineNamespace: this.#machineNamespace(),
    };
    const upstreams = forwarding.upstreams ?? this.#machineNameservers();
    return {
      upstreams: serversOf(upstreams, networks),
      stubs: new Map(
        forwarding.stubDomains.map(stub => [stub.domain.toLowerCase(), serversOf(stub.upstreams, networks)]),
      ),
    };
  }

  #machineNameservers(): string[] {
    try {
      return nameserversOf(readFileSync(RESOLV_CONF, "utf8"));
    } catch (error) {
      this.#options.log(`DNS: only names of the cluster: ${(error as Error).message}`);
      return [];
    }
  }

  /** Open for as long as the daemon lives. */
  #machineNamespace(): number | undefined {
    const { machineNamespace } = this.#options;
    if (machineNamespace !== undefined) this.#namespace ??= openNamespace(machineNamespace);
    return this.#namespace;
  }
}

/** The network that an interface's address such as 172.30.0.11/16 is in. */
function networkOfAddress(text: string): Cidr[] {
  const address = parseInterfaceAddress(text);
  return address ? [networkOf(address)] : [];
}
