/**
 * A Pod's sandbox with its network, through creation, loss, recovery and removal.
 *
 *   record (what is about to exist) -> holder -> addresses and eth0 -> /etc files -> record (the addresses)
 *
 * and backwards for removal. Every step may be repeated: a daemon that died in between begins again.
 */
import type { Pod } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { hostsFile, kernelHostname, podHostname, writeEtcFiles } from "../sandbox/etc-files.ts";
import { podResolvConf } from "../sandbox/resolv-conf.ts";
import { Sandbox } from "../sandbox/sandbox.ts";
import { events } from "./events.ts";
import type { SandboxObservation } from "./observation.ts";
import { allContainers } from "./plan.ts";
import { type PodRecord, writePodRecord } from "./pod-record.ts";
import { AddressRangeFull, type PodEvent, type PodSurroundings } from "./ports.ts";

export interface PodSandboxEvents {
  changed(): void;
  event(event: PodEvent): void;
}

export class PodSandbox {
  readonly #around: PodSurroundings;
  readonly #podDir: string;
  readonly #startTimeMs: number;
  readonly #sandbox: Sandbox;
  readonly #events: PodSandboxEvents;
  #seen: SandboxObservation;
  /** Not before then is creation tried again; never, while waiting for an address. */
  #retryAtMs: number | undefined;
  #attached = false;

  constructor(
    around: PodSurroundings,
    podDir: string,
    startTimeMs: number,
    record: PodRecord | undefined,
    events: PodSandboxEvents,
  ) {
    this.#around = around;
    this.#podDir = podDir;
    this.#startTimeMs = startTimeMs;
    this.#events = events;
    this.#sandbox = new Sandbox(podDir, () => {
      this.#seen = { ...this.#seen, state: "gone" };
      events.changed();
    });
    const state = record?.sandboxWanted ? "gone" : "none";
    this.#seen = { state, attempt: record?.sandboxAttempt ?? 0, podIPs: record?.podIPs ?? [] };
  }

  get observation(): SandboxObservation {
    return this.#seen;
  }

  get holder(): ProcessIdentity | undefined {
    return this.#sandbox.holder;
  }

  get wantsAddress(): boolean {
    return this.#retryAtMs === Number.POSITIVE_INFINITY;
  }

  get retryAtMs(): number | undefined {
    return Number.isFinite(this.#retryAtMs) ? this.#retryAtMs : undefined;
  }

  retryNow(): void {
    this.#retryAtMs = undefined;
  }

  async create(pod: Pod, fifos: () => string[]): Promise<void> {
    if ((this.#retryAtMs ?? 0) > this.#around.clock.nowMs()) return;
    this.#retryAtMs = undefined;
    if (this.#seen.state === "gone") await this.#takeDown(pod);
    this.#seen = { state: "none", attempt: this.#seen.attempt + 1, podIPs: [] };
    try {
      this.#record(pod, true);
      const containers = allContainers(pod).length;
      if (containers > LIMITS.containersPerPod) {
        throw new Error(
          `spec.containers: ${containers} containers; at most ${LIMITS.containersPerPod} are allowed`,
        );
      }
      const { nodeName, clusterDomain } = this.#around;
      const hostname = kernelHostname(pod, nodeName, clusterDomain);
      const holder = await this.#sandbox.create(this.#around.labDir, pod, hostname, fifos());
      await this.#attach(pod, holder, false);
      this.#seen = { ...this.#seen, state: this.#sandbox.holder ? "ready" : "gone" };
    } catch (cause) {
      await this.#failed(pod, cause as Error);
    }
    this.#events.changed();
  }

  /** After a restart of the daemon: the holder is found, and its network opened again. */
  async recover(pod: Pod): Promise<void> {
    if (this.#seen.state === "none") return;
    const holder = this.#sandbox.recover();
    if (!holder) return;
    this.#seen = { ...this.#seen, state: "ready" };
    try {
      await this.#attach(pod, holder, true);
    } catch (cause) {
      // Its containers have lost their network: as good as a lost sandbox, so make another.
      this.#events.event(events.sandboxFailed((cause as Error).message));
      this.#seen = { ...this.#seen, state: "gone" };
    }
  }

  /** Takes network and namespaces down; the addresses stay in the Pod's status, as upstream. */
  async remove(pod: Pod): Promise<void> {
    await this.#takeDown(pod);
    this.#seen = { ...this.#seen, state: "none" };
    this.#record(pod, false);
  }

  close(): void {
    this.#sandbox.close();
  }

  async #attach(pod: Pod, holder: ProcessIdentity, isRecovered: boolean): Promise<void> {
    const { hostIPs, network, nodeName, clusterDomain, nodeHosts } = this.#around;
    if (!pod.spec.hostNetwork) this.#attached = true;
    const podIPs = pod.spec.hostNetwork ? hostIPs : (await network.attach(pod, holder.pid)).podIPs;
    // Found again, with all of it on disk: a disk that is full by now must not cost the Pod its life.
    if (isRecovered && podIPs.join() === this.#seen.podIPs.join()) return;
    writeEtcFiles(this.#podDir, {
      hosts: hostsFile(pod, podIPs, podHostname(pod, nodeName), clusterDomain, nodeHosts),
      hostname: `${kernelHostname(pod, nodeName, clusterDomain)}\n`,
      "resolv.conf": this.#resolvConf(pod),
    });
    this.#seen = { ...this.#seen, podIPs };
    this.#record(pod, true);
  }

  #resolvConf(pod: Pod): string {
    const { clusterDns, clusterDomain, nodeResolvConf } = this.#around;
    const { text, problems } = podResolvConf(pod, { clusterDns, clusterDomain, host: nodeResolvConf() });
    for (const problem of problems) this.#events.event(events.dnsCut(problem));
    return text;
  }

  async #failed(pod: Pod, cause: Error): Promise<void> {
    this.#events.event(events.sandboxFailed(cause.message));
    await this.#takeDown(pod);
    this.#seen = { ...this.#seen, state: "none", podIPs: [] };
    this.#retryAtMs =
      cause instanceof AddressRangeFull
        ? Number.POSITIVE_INFINITY
        : this.#around.clock.nowMs() + LIMITS.sandboxRetryMs;
  }

  async #takeDown(pod: Pod): Promise<void> {
    // Also when this daemon attached nothing: the one before may have.
    const mayBeAttached = this.#attached || this.#seen.state === "gone";
    if (!pod.spec.hostNetwork && mayBeAttached) await this.#around.network.detach(pod);
    this.#attached = false;
    await this.#sandbox.remove();
  }

  #record(pod: Pod, sandboxWanted: boolean): void {
    writePodRecord(this.#podDir, {
      pod,
      startTimeMs: this.#startTimeMs,
      sandboxAttempt: this.#seen.attempt,
      sandboxWanted,
      podIPs: this.#seen.podIPs,
    });
  }
}
