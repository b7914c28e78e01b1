/**
 * The ServiceCIDR `kubernetes`: the ranges that the cluster was started with (upstream: pkg/controlplane/controller/
 * defaultservicecidr). One that is there already stays as it is, but for a second range that has come.
 */
import { isReason, jsonEqual, type Kind, kinds, type NewObject, type ServiceCIDR } from "@podwire/api";
import type { ObjectRef, UpdateOptions } from "../registry.ts";

export const DEFAULT_SERVICE_CIDR = "kubernetes";

/** A registry, or the API of one. */
interface Writes {
  create(kind: Kind<ServiceCIDR>, object: NewObject<ServiceCIDR>): Promise<unknown>;
  mutate(
    kind: Kind<ServiceCIDR>,
    ref: ObjectRef,
    change: (copy: ServiceCIDR) => void,
    options?: UpdateOptions,
  ): Promise<unknown>;
}

export async function ensureDefaultServiceCidr(
  registry: Writes,
  cidrs: readonly string[],
  now: string,
): Promise<void> {
  const ref = { name: DEFAULT_SERVICE_CIDR };
  try {
    await registry.create(kinds.serviceCIDRs, { metadata: ref, spec: { cidrs: [...cidrs] }, status: {} });
  } catch (error) {
    if (!isReason(error, "AlreadyExists")) throw error;
    await registry.mutate(kinds.serviceCIDRs, ref, copy => addSecondRange(copy, cidrs));
  }
  await registry.mutate(kinds.serviceCIDRs, ref, copy => sayReady(copy, cidrs, now), {
    subresource: "status",
  });
}

function addSecondRange({ spec }: ServiceCIDR, cidrs: readonly string[]): void {
  if (cidrs.length === 2 && jsonEqual(spec.cidrs, cidrs.slice(0, 1))) spec.cidrs = [...cidrs];
}

/** Only where nothing was said, and the ranges are the cluster's. */
function sayReady({ metadata, spec, status }: ServiceCIDR, cidrs: readonly string[], now: string): void {
  if (metadata.deletionTimestamp !== undefined || !jsonEqual(spec.cidrs, cidrs)) return;
  const conditions = status.conditions ?? [];
  if (conditions.some(({ type }) => type === "Ready")) return;
  status.conditions = [
    ...conditions,
    {
      type: "Ready",
      status: "True",
      reason: "",
      message: "Kubernetes default Service CIDR is ready",
      lastTransitionTime: now,
    },
  ];
}
