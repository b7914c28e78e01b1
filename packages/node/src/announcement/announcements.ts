/**
 * Load balancers' addresses on the underlay, as the main thread sees them: which of them this node may announce, told to
 * a thread of their own, which is there as soon as there are any. The thread keeps time whatever the main thread does.
 *
 *   externalTrafficPolicy Cluster   every node may: from any of them there is a way to the endpoints
 *   externalTrafficPolicy Local     nodes with ready endpoints may, or with terminating ones when no other serve
 *
 * Elected by the nodes themselves rather than by the control plane: that calls a node NotReady after five seconds, which
 * is longer than a client outside should wait, and may be down when a node dies.
 */
import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { Worker } from "node:worker_threads";
import { EventFd, withRtnetlink } from "@podwire/linux";
import type { EndpointSlice, ObjectName } from "@podwire/protocol";
import { parseMac } from "@podwire/wire/address";
import type { KnownServices } from "../services.ts";
import type { Candidacy } from "./claims.ts";
import type { AnnouncerCommand, AnnouncerInput, AnnouncerReport } from "./commands.ts";
import { LIMITS } from "./limits.ts";

export interface AnnouncementsOptions {
  readonly node: string;
  /** The underlay device. */
  readonly device: string;
  readonly vni: number;
  readonly services: Pick<KnownServices, "get" | "slicesOf" | "names" | "watch">;
  /** Names of the other nodes. */
  readonly peers: () => readonly string[];
  /** Whether an address is one that nodes announce. */
  readonly isAnnounced: (address: string) => boolean;
  readonly log: (line: string) => void;
}

interface Announced {
  readonly addresses: readonly string[];
  /** Undefined: all nodes. */
  readonly nodes: readonly string[] | undefined;
}

export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #stale = new Map<string, ObjectName>();
  readonly #byService = new Map<string, Announced>();
  readonly #stopWatching: () => void;
  #thread: AnnouncerThread | undefined;
  #everyone: readonly string[] = [];
  #isFresh = true;
  #staleTimer: NodeJS.Timeout | undefined;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
    const { services } = options;
    const isStale = (name: ObjectName) => this.#stale.set(`${name.namespace}/${name.name}`, name);
    this.#stopWatching = services.watch(isStale);
    for (const name of services.names()) isStale(name);
  }

  /** Addresses that this node announces at the moment. */
  get claimed(): readonly string[] {
    return this.#thread?.claimed ?? [];
  }

  /** When the data plane and the kernel know the Services as they are now. */
  apply(): void {
    const { node, peers, device, vni, log } = this.#options;
    const everyone = [node, ...peers()];
    let isChanged = !isDeepStrictEqual(everyone, this.#everyone);
    this.#everyone = everyone;
    for (const [key, name] of this.#stale) {
      const announced = this.#read(name);
      if (isDeepStrictEqual(announced, this.#byService.get(key))) continue;
      isChanged = true;
      if (announced === undefined) this.#byService.delete(key);
      else this.#byService.set(key, announced);
    }
    this.#stale.clear();
    if (!isChanged) return;
    const wanted = [...this.#byService.values()].flatMap(({ addresses, nodes }): Candidacy[] => {
      const candidates = nodes ?? everyone;
      return candidates.includes(node) ? addresses.map(address => ({ address, candidates })) : [];
    });
    if (wanted.length === 0 && this.#thread === undefined) return;
    this.#thread ??= new AnnouncerThread({ node, device, vni }, log);
    this.#thread.tell({ kind: "want", wanted });
    this.#thread.tell({ kind: "fresh", isFresh: this.#isFresh });
  }

  /** The control plane is there, or is lost: then others come first, after a while. */
  connected(isConnected: boolean): void {
    clearTimeout(this.#staleTimer);
    const set = (isFresh: boolean) => {
      this.#isFresh = isFresh;
      this.#thread?.tell({ kind: "fresh", isFresh });
    };
    if (isConnected) set(true);
    else this.#staleTimer = setTimeout(set, LIMITS.staleMs, false).unref();
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    clearTimeout(this.#staleTimer);
    await this.#thread?.stop();
  }

  #read(name: ObjectName): Announced | undefined {
    const { services, isAnnounced } = this.#options;
    const service = services.get(name);
    const addresses = service?.loadBalancerIps.filter(isAnnounced) ?? [];
    if (service === undefined || addresses.length === 0) return undefined;
    const nodes = service.externalTrafficPolicyLocal
      ? nodesWithEndpoints(services.slicesOf(name))
      : undefined;
    return { addresses, nodes };
  }
}

function nodesWithEndpoints(slices: readonly EndpointSlice[]): string[] {
  const endpoints = slices.flatMap(slice => slice.endpoints);
  const ready = endpoints.filter(({ ready, terminating }) => ready && !terminating);
  const serving = ready.length > 0 ? ready : endpoints.filter(({ serving }) => serving);
  return [...new Set(serving.map(({ nodeName }) => nodeName))].filter(name => name !== "").sort();
}

/** The thread, and what it last said. */
class AnnouncerThread {
  claimed: readonly string[] = [];
  readonly #worker: Worker;
  readonly #bell = new EventFd();
  readonly #ending = new Int32Array(new SharedArrayBuffer(4));
  readonly #endThread = () => {
    Atomics.store(this.#ending, 0, 1);
    this.#bell.ring();
  };

  constructor(options: Pick<AnnouncerInput, "node" | "device" | "vni">, log: (line: string) => void) {
    const link = withRtnetlink(undefined, network => network.findLink(options.device));
    const workerData: AnnouncerInput = {
      ...options,
      mac: parseMac(link?.mac ?? "") ?? new Uint8Array(6),
      bellFd: this.#bell.fd,
      ending: this.#ending.buffer as SharedArrayBuffer,
    };
    this.#worker = new Worker(new URL("./announcement-worker.js", import.meta.url), {
      workerData,
      name: "announcer",
      resourceLimits: { maxOldGenerationSizeMb: LIMITS.heapMb, maxYoungGenerationSizeMb: LIMITS.youngHeapMb },
    });
    this.#worker.on("message", ({ claimed }: AnnouncerReport) => {
      for (const address of claimed) if (!this.claimed.includes(address)) log(`announces ${address}`);
      for (const address of this.claimed)
        if (!claimed.includes(address)) log(`no longer announces ${address}`);
      this.claimed = claimed;
    });
    // The daemon must not go on as if it announced something. It is restarted.
    this.#worker.on("error", error => {
      throw error;
    });
    process.once("exit", this.#endThread);
  }

  tell(command: AnnouncerCommand): void {
    this.#worker.postMessage(command);
    this.#bell.ring();
  }

  async stop(): Promise<void> {
    const exited = once(this.#worker, "exit");
    this.tell({ kind: "stop" });
    await exited;
    process.off("exit", this.#endThread);
    this.#bell.close();
  }
}
