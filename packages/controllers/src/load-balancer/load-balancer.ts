/**
 * Addresses for Services of type LoadBalancer, from the pools of lab.yaml (upstream: cloud-provider's service controller,
 * with a load balancer that is the nodes themselves):
 *
 *   wanted      -> finalizer -> an address of each family -> status.loadBalancer.ingress
 *   not wanted  -> status emptied -> finalizer dropped: the address is free
 *
 * Nothing is remembered but in the Services: which addresses are taken is read from their statuses, one reconcile at a
 * time. A Service is served by the pools of its loadBalancerClass; when there is none, it is somebody else's and left
 * alone. Who got no address gets one when another Service lets go.
 */
import { isDeepStrictEqual } from "node:util";
import { isReason, kinds, type LoadBalancerIngress, type Service } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { choose } from "./choose.ts";
import { type Holder, type Pool, type PoolOptions, readPools, TakenAddresses } from "./pools.ts";

const ORIGIN = { component: "service-controller" } as const;
export const FINALIZER = "service.kubernetes.io/load-balancer-cleanup";

type Context = Pick<ControllerContext, "api" | "clock" | "log" | "recordEvent">;

export class LoadBalancerController implements Controller {
  readonly #context: Context;
  readonly #pools: readonly Pool[];
  readonly #services: Informer<Service>;
  readonly #queue: WorkQueue;
  readonly #taken = new TakenAddresses();
  /** Services that wait for an address, and what they were told. */
  readonly #waiting = new Map<string, string>();

  constructor(context: Context, pools: readonly PoolOptions[]) {
    const { api, clock, log } = context;
    this.#context = context;
    this.#pools = readPools(pools);
    this.#services = new Informer<Service>(api, kinds.services, { log });
    this.#queue = new WorkQueue({
      name: "load-balancer",
      reconcile: key => this.#reconcile(key),
      clock,
      log,
    });
    this.#services.onChange(({ key, before, after }) => {
      const holder = holderOf((after ?? before)!);
      const isFreed = this.#taken.set(holder, addressesOf(before), addressesOf(after));
      if (isFreed) for (const each of this.#waiting.keys()) this.#queue.add(each);
      if ([before, after].some(isOurs)) this.#queue.add(key);
    });
  }

  /** Resolves when all Services are known. */
  start(): Promise<void> {
    return this.#services.start();
  }

  stop(): void {
    this.#queue.stop();
    this.#services.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#services.byKey(key);
    if (service === undefined) this.#waiting.delete(key);
    else if (service.spec.type === "LoadBalancer" && service.metadata.deletionTimestamp === undefined)
      await this.#serve(key, service);
    else await this.#release(key, service);
  }

  async #serve(key: string, service: Service): Promise<void> {
    const choice = choose(service, this.#pools, this.#taken, holderOf(service));
    if (choice === "foreign") return;
    this.#explain(key, service, choice.problem);
    const { ingress } = choice;
    const isSame = isDeepStrictEqual(ingress, ownIngress(service).map(withoutPorts));
    if (isSame && hasFinalizer(service)) return;
    if (ingress.length > 0) this.#tell(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
    if (!hasFinalizer(service)) {
      await this.#write(service, ({ metadata }) => {
        const { finalizers = [] } = metadata;
        if (!finalizers.includes(FINALIZER)) metadata.finalizers = [...finalizers, FINALIZER];
      });
    }
    if (!isSame) await this.#setIngress(service, ingress);
    if (ingress.length > 0) this.#tell(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
  }

  async #release(key: string, service: Service): Promise<void> {
    this.#waiting.delete(key);
    if (!hasFinalizer(service)) return;
    this.#tell(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
    if (ownIngress(service).length > 0) await this.#setIngress(service, []);
    await this.#write(service, ({ metadata }) => {
      const kept = metadata.finalizers?.filter(each => each !== FINALIZER);
      metadata.finalizers = kept && kept.length > 0 ? kept : undefined;
    });
    this.#tell(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
  }

  #setIngress(service: Service, ingress: LoadBalancerIngress[]): Promise<void> {
    const loadBalancer = ingress.length > 0 ? { ingress } : {};
    return this.#write(service, copy => void Object.assign(copy.status, { loadBalancer }), "status");
  }

  /** Writes, unless the Service is gone, and knows of it before the next reconcile. */
  async #write(service: Service, change: (copy: Service) => void, subresource?: string): Promise<void> {
    const { namespace, name, uid } = service.metadata;
    const changeThis = (copy: Service) => {
      if (copy.metadata.uid === uid) change(copy);
    };
    try {
      const { api } = this.#context;
      const options = subresource === undefined ? {} : { subresource };
      const written = await api.mutate(kinds.services, { namespace, name }, changeThis, options);
      const isGone = written.metadata.deletionTimestamp !== undefined && !written.metadata.finalizers?.length;
      if (!isGone) this.#services.observe(written);
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }

  /** Says why a Service does not get what it asks for, once. */
  #explain(key: string, service: Service, problem: string | undefined): void {
    if (problem === undefined) this.#waiting.delete(key);
    if (problem === undefined || this.#waiting.get(key) === problem) return;
    this.#waiting.set(key, problem);
    this.#tell(service, "Warning", "SyncLoadBalancerFailed", `Error syncing load balancer: ${problem}`);
  }

  #tell(service: Service, type: "Normal" | "Warning", reason: string, message: string): void {
    const { namespace, name, uid } = service.metadata;
    const about = { kind: "Service", apiVersion: "v1", namespace, name, uid };
    this.#context.recordEvent(about, type, reason, message, ORIGIN);
  }
}

/** What it serves, or served. */
function isOurs(service: Service | undefined): boolean {
  return service !== undefined && (service.spec.type === "LoadBalancer" || hasFinalizer(service));
}

function withoutPorts({ ip, ipMode }: LoadBalancerIngress): LoadBalancerIngress {
  return { ip, ipMode };
}

function holderOf({ metadata }: Service): Holder {
  return { key: `${metadata.namespace}/${metadata.name}`, createdAt: metadata.creationTimestamp };
}

function ownIngress({ status }: Service): readonly LoadBalancerIngress[] {
  return status.loadBalancer?.ingress ?? [];
}

function addressesOf(service: Service | undefined): string[] {
  return service === undefined ? [] : ownIngress(service).flatMap(({ ip }) => (ip ? [ip] : []));
}

function hasFinalizer({ metadata }: Service): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false;
}
