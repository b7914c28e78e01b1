/**
 * The DNS server as the daemon holds it: on the node's own addresses in the pod network, tried again for as long as
 * somebody else has the port, which is a line in the log and no reason for a node to be without its pods.
 */
import { parseCidr } from "@podwire/wire/cidr";
import type { ClusterNames } from "./cluster-names.ts";
import { LISTEN_RETRY_MS } from "./limits.ts";
import { type DnsServer, startDnsServer } from "./server.ts";

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
  log(line: string): void;
}

export class NodeDns {
  /** Resolves when it listens, or has failed to for the first time. */
  readonly started: Promise<void>;
  readonly #options: NodeDnsOptions;
  #server: DnsServer | undefined;
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
      });
      if (this.#isClosed) this.#server.close();
    } catch (error) {
      log(`DNS: ${(error as Error).message}; tried again`);
      if (!this.#isClosed) this.#retry = setTimeout(() => void this.#start(), LISTEN_RETRY_MS);
    }
  }
}
