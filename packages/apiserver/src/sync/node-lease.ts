/**
 * The Leases of nodes in kube-node-lease, renewed while the nodes are heard. They are for clients that look at them;
 * what decides that a node is silent are the heartbeats themselves, which come ten times as often and are not stored.
 */
import { formatMicroTime, isReason, kinds, type Lease, type NewObject } from "@podwire/api";
import type { Registry } from "../registry/registry.ts";
import { LIMITS } from "./limits.ts";

const NAMESPACE = "kube-node-lease";
const DURATION_SECONDS = 40;

/** Of one node, while its stream is open. */
export class NodeLease {
  readonly #registry: Registry;
  readonly #log: (message: string) => void;
  #renewedMs = 0;

  constructor(registry: Registry, log: (message: string) => void) {
    this.#registry = registry;
    this.#log = log;
  }

  /** `wallMs` is now. The write is in the background; one that fails is made up for by the next. */
  heard(node: { name: string; uid: string }, wallMs: number): void {
    if (wallMs - this.#renewedMs < LIMITS.leaseRenewalMs) return;
    this.#renewedMs = wallMs;
    this.#renew(node, wallMs).catch(error => {
      this.#log(`Lease of Node "${node.name}" cannot be renewed: ${(error as Error).message}`);
    });
  }

  async #renew({ name, uid }: { name: string; uid: string }, wallMs: number): Promise<void> {
    const ownerReferences = [{ apiVersion: "v1", kind: "Node", name, uid }];
    const renewTime = formatMicroTime(wallMs);
    const spec = { holderIdentity: name, leaseDurationSeconds: DURATION_SECONDS, renewTime };
    const ref = { namespace: NAMESPACE, name };
    try {
      await this.#registry.mutate(kinds.leases, ref, copy => {
        copy.metadata.ownerReferences = ownerReferences;
        copy.spec = { ...copy.spec, ...spec };
      });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
      const lease: NewObject<Lease> = { metadata: { ...ref, ownerReferences }, spec };
      await this.#registry.create(kinds.leases, lease);
    }
  }
}
