/** A WorkloadLab with the controllers of endpoints, and what their tests say in few words. All in the namespace test. */
import { type EndpointSlice, kinds, type Pod, type Service } from "@podwire/api";
import { serviceEndpoints } from "../service-endpoints/start.ts";
import { WorkloadLab } from "./workload-lab.ts";

export class ServiceLab {
  readonly lab: WorkloadLab;
  readonly #addresses: Map<string, readonly string[]>;

  private constructor(lab: WorkloadLab, addresses: Map<string, readonly string[]>) {
    this.lab = lab;
    this.#addresses = addresses;
  }

  static async start(): Promise<ServiceLab> {
    const addresses = new Map<string, readonly string[]>();
    const lab = await WorkloadLab.start({
      beside: context => [serviceEndpoints(context)],
      addressesOf: pod => addresses.get(pod.metadata.name) ?? [],
    });
    return new ServiceLab(lab, addresses);
  }

  stop(): Promise<void> {
    return this.lab.stop();
  }

  /** On node-1, with the label app=web, unless said otherwise. */
  pod(
    name: string,
    ips: readonly string[],
    spec: object = {},
    labels: object = { app: "web" },
  ): Promise<Pod> {
    this.#addresses.set(name, ips);
    const containers = [{ name: "main", image: "agnhost" }];
    return this.lab.create(kinds.pods, name, {
      metadata: { labels },
      containers,
      nodeName: "node-1",
      ...spec,
    });
  }

  /** `count` Pods with the addresses 10.0.first.1 and on. */
  pods(first: number, count: number): Promise<Pod[]> {
    const numbers = Array.from({ length: count }, (_, at) => at);
    return Promise.all(numbers.map(at => this.pod(`web-${first}-${at}`, [`10.0.${first}.${at + 1}`])));
  }

  /** Of the Pods with the label app=web, unless said otherwise. */
  service(spec: object = {}, metadata: object = {}): Promise<Service> {
    const of = { selector: { app: "web" }, ports: [{ port: 80 }], ...spec };
    return this.lab.create(kinds.services, "web", { metadata, ...of });
  }

  changeService(change: object): Promise<Service> {
    return this.lab.change(kinds.services, "web", copy => Object.assign(copy.spec, change));
  }

  async slices(): Promise<EndpointSlice[]> {
    await this.lab.settle();
    return this.lab.list(kinds.endpointSlices);
  }
}

export function addressesIn(slices: readonly EndpointSlice[]): string[] {
  return slices.flatMap(({ endpoints }) => (endpoints ?? []).map(each => each.addresses[0]!)).sort();
}
