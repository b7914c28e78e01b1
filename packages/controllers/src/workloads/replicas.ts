/** How many Pods are asked for; the type leaves it open because who creates the object may. */
export function replicasOf({ spec }: { spec: { replicas?: number | undefined } }): number {
  return spec.replicas ?? 1;
}
