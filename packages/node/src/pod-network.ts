/**
 * A pod comes to the network and leaves it:
 *
 *   attach: addresses (on disk) -> eth0 in the sandbox's namespace -> port of the data plane -> tables published
 *   detach: tables without the pod -> port removed -> device closed -> addresses released
 *
 * The first process of a pod starts after `attach` has resolved, so it never runs without its network, and no
 * packet reaches an address whose pod is not in the tables.
 */
import { closeSync } from "node:fs";
import type { Pod } from "@podwire/api";
import type { HostPort, LocalPod } from "@podwire/compiler";
import type { Network } from "@podwire/runtime";
import type { DataPlane } from "./dataplane/handle.ts";
import type { Ipam } from "./ipam.ts";
import { openPodDevice } from "./pod-device.ts";
import { type PodPort, Ports } from "./ports.ts";

export interface PodNetworkOptions {
  ipam: Ipam;
  dataPlane: DataPlane;
  mtu: number;
  /** Resolves when the data plane runs on tables with the pods of `localPods`. */
  publish(): Promise<void>;
}

export class PodNetwork implements Network {
  readonly #options: PodNetworkOptions;
  readonly #ports = new Ports();

  constructor(options: PodNetworkOptions) {
    this.#options = options;
  }

  async attach(pod: Pod, sandboxPid: number): Promise<{ podIPs: readonly string[] }> {
    const { uid, namespace, name } = pod.metadata;
    // A second attach means another sandbox: the old one's device went with its namespace.
    await this.#unplug(uid);
    const podIPs = this.#options.ipam.allocate(uid);
    const tun = openPodDevice(sandboxPid, podIPs, this.#options.mtu);
    const port = this.#ports.add({
      uid,
      name: `${namespace}/${name}`,
      addresses: podIPs,
      hostPorts: hostPortsOf(pod, podIPs),
      fd: tun.fd,
    });
    try {
      await this.#options.dataPlane.addPort({ port: port.port, fd: port.fd, mtu: this.#options.mtu });
      await this.#options.publish();
    } catch (error) {
      await this.#unplug(uid);
      throw error;
    }
    return { podIPs };
  }

  async detach(pod: Pod): Promise<void> {
    await this.#unplug(pod.metadata.uid);
    this.#options.ipam.release(pod.metadata.uid);
  }

  /** Addresses that were given to pods of which nothing is left, after a crash in between. */
  releaseAllBut(uids: ReadonlySet<string>): void {
    for (const uid of this.#options.ipam.allocations().keys()) {
      if (!uids.has(uid)) this.#options.ipam.release(uid);
    }
  }

  localPods(): LocalPod[] {
    return this.#ports.list().map(({ name, port, addresses }) => ({ name, port, addresses }));
  }

  /** Of the pods that have any, by "namespace/name". */
  hostPorts(): ReadonlyMap<string, readonly HostPort[]> {
    const entries = this.#ports.list().filter(({ hostPorts }) => hostPorts.length > 0);
    return new Map(entries.map(({ name, hostPorts }) => [name, hostPorts]));
  }

  /** "namespace/name" of the pod behind a port, for counters and flow records. */
  nameOf(port: number): string | undefined {
    return this.#ports.list().find(entry => entry.port === port)?.name;
  }

  async #unplug(uid: string): Promise<void> {
    const port: PodPort | undefined = this.#ports.take(uid);
    if (!port) return;
    await this.#options.publish();
    await this.#options.dataPlane.removePort(port.port);
    this.#ports.release(port);
    closeSync(port.fd);
  }
}

/** Init containers have ports only when they run beside the others. */
function hostPortsOf({ spec }: Pod, podIps: readonly string[]): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostIP = "", hostPort = 0, protocol = "TCP", containerPort }) =>
      hostPort === 0 ? [] : [{ hostIp: hostIP, hostPort, protocol, containerPort, podIps }],
    ),
  );
}
