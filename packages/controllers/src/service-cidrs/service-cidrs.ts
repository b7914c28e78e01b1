/**
 * ServiceCIDRs: each has a finalizer and says that it is ready. One that is deleted gives no addresses any more, and goes
 * when no Service has an address that is in no other range; until then its condition says why it is still there. The
 * cluster's own comes back (upstream: pkg/controller/servicecidrs, pkg/controlplane/controller/defaultservicecidr).
 */
import { formatTime, isReason, jsonEqual, kinds, type ServiceCIDR } from "@podwire/api";
import { DEFAULT_SERVICE_CIDR, ensureDefaultServiceCidr } from "@podwire/apiserver";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { WorkQueue } from "../work-queue.ts";
import { canGo } from "./can-go.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
const READY = { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" } as const;
const TERMINATING = {
  status: "False",
  reason: "Terminating",
  message:
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
} as const;

/** `serviceCidrs`: those of the cluster. Before `objects` is started. */
export function startServiceCidrs(
  { api, clock, log }: Pick<ControllerContext, "api" | "clock" | "log">,
  objects: AllObjects,
  serviceCidrs: readonly string[],
): Controller {
  /** Names of those that are on their way out. */
  const going = new Set<string>();

  const reconcile = async (name: string) => {
    const serviceCidr = await find(name);
    if (serviceCidr === undefined) {
      const now = formatTime(clock.wallMs());
      if (name === DEFAULT_SERVICE_CIDR) await ensureDefaultServiceCidr(api, serviceCidrs, now);
    } else if (serviceCidr.metadata.deletionTimestamp === undefined) await keep(serviceCidr);
    else if (await nothingDepends(serviceCidr)) {
      await change(name, copy => {
        copy.metadata.finalizers = copy.metadata.finalizers?.filter(each => each !== FINALIZER);
      });
    } else await say(name, TERMINATING);
  };

  const find = async (name: string) => {
    try {
      return await api.get(kinds.serviceCIDRs, { name });
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  };

  const keep = async ({ metadata: { name } }: ServiceCIDR) => {
    await change(name, ({ metadata }) => {
      // One that has been deleted meanwhile takes no finalizers any more.
      if (metadata.deletionTimestamp !== undefined || metadata.finalizers?.includes(FINALIZER)) return;
      metadata.finalizers = [...(metadata.finalizers ?? []), FINALIZER];
    });
    await say(name, READY);
  };

  const nothingDepends = async (serviceCidr: ServiceCIDR) => {
    const all = await api.list(kinds.serviceCIDRs);
    const addresses = await api.list(kinds.ipAddresses);
    return canGo(serviceCidr, all.items, addresses.items);
  };

  const say = (name: string, condition: typeof READY | typeof TERMINATING) => {
    const lastTransitionTime = formatTime(clock.wallMs());
    const setReady = ({ status }: ServiceCIDR) => {
      const { conditions = [] } = status;
      const current = conditions.find(({ type }) => type === "Ready");
      const sinceThen =
        current?.status === condition.status ? current.lastTransitionTime : lastTransitionTime;
      const next = { type: "Ready", ...condition, lastTransitionTime: sinceThen };
      if (jsonEqual(current, next)) return;
      status.conditions = [...conditions.filter(({ type }) => type !== "Ready"), next];
    };
    return change(name, setReady, "status");
  };

  const change = async (name: string, edit: (copy: ServiceCIDR) => void, subresource?: string) => {
    try {
      await api.mutate(kinds.serviceCIDRs, { name }, edit, subresource === undefined ? {} : { subresource });
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  };

  const queue = new WorkQueue({ name: "service-cidrs", reconcile, clock, log });
  objects.onChange((kind, { before, after }) => {
    if (kind.plural === kinds.serviceCIDRs.plural) {
      const { name, deletionTimestamp } = (after ?? before!).metadata;
      if (after !== undefined && deletionTimestamp !== undefined) going.add(name);
      else going.delete(name);
      for (const each of [name, ...going]) queue.add(each);
    } else if (kind.plural === kinds.ipAddresses.plural && after === undefined) {
      for (const each of going) queue.add(each);
    }
  });
  return { stop: () => queue.stop() };
}
