/** What a pod worker needs from the node daemon around it. */
import type { Pod, PodStatus } from "@podwire/api";
import type { ConfigObjects } from "../volumes/config-objects.ts";
import type { NodeResources } from "./fields.ts";
import type { ServicesOf } from "./service-environment.ts";

export interface PodRef {
  namespace: string;
  name: string;
  uid: string;
}

export interface PodEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** `spec.containers{web}` when it is about a container. */
  fieldPath?: string;
}

/** Thrown by `Network.attach` when the node has no address left; tried again when one is released. */
export class AddressRangeFull extends Error {
  override name = "AddressRangeFull";
}

/** The pod network, as the runtime sees it. Never called for a pod with hostNetwork. */
export interface Network {
  /**
   * Gives a pod its addresses and devices in the network namespace of process `sandboxPid`: lo up, eth0. It is
   * called again for the same pod after a restart of the daemon, and then must give the same addresses.
   */
  attach(pod: Pod, sandboxPid: number): Promise<{ podIPs: readonly string[] }>;
  /** Takes them back. Called while the sandbox still exists when it does; called again, it does nothing. */
  detach(pod: Pod): Promise<void>;
}

export interface Clock {
  nowMs(): number;
  /** Calls back once, at or after a time; the returned function cancels. */
  at(timeMs: number, wake: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: Date.now,
  at: (timeMs, wake) => {
    const timer = setTimeout(wake, Math.max(0, timeMs - Date.now()));
    return () => clearTimeout(timer);
  },
};

export interface PodSurroundings {
  labDir: string;
  nodeDir: string;
  nodeName: string;
  hostIPs: readonly string[];
  network: Network;
  clock: Clock;
  /** ConfigMaps and Secrets that Pods of this node refer to. */
  objects: ConfigObjects;
  /** Services of a namespace that have addresses. */
  services: ServicesOf;
  /** What a container may use that sets no limit. */
  resources: NodeResources;
  /** Addresses of the cluster's DNS: what dnsPolicy ClusterFirst means. */
  clusterDns: readonly string[];
  /** Last part of the names that it knows: `cluster.local`. */
  clusterDomain: string;
  /** Texts of the node's own /etc/resolv.conf and /etc/hosts. */
  nodeResolvConf(): string;
  nodeHosts(): string;
  /** A status that differs from the last one reported. */
  report(pod: PodRef, status: PodStatus): void;
  event(pod: PodRef, event: PodEvent): void;
  /** A deleted Pod has left nothing on this node. */
  gone(pod: PodRef): void;
}

export function refOf(pod: Pod): PodRef {
  const { namespace, name, uid } = pod.metadata;
  return { namespace, name, uid };
}
