/**
 * Who a Pod of a StatefulSet is; pure (upstream: stateful_set_utils.go). Pod `web-3` of StatefulSet `web` keeps its
 * name, its host name `web-3.SERVICE`, its labels and its claims `TEMPLATE-web-3` through every replacement.
 */
import { kinds, type NewObject, type Pod, type PodTemplateSpec, type StatefulSet } from "@podwire/api";
import { podFromTemplate } from "../workloads/pod-control.ts";
import { replicasOf } from "../workloads/replicas.ts";

const POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL = "apps.kubernetes.io/pod-index";
export const REVISION_LABEL = "controller-revision-hash";

export function startOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0;
}

/** `web-3` is 3 of `web`; undefined: the name is not of that form. */
function parentAndOrdinal({ metadata }: Pod): { parent: string; ordinal: number } | undefined {
  const match = /^(.*)-(\d{1,10})$/.exec(metadata.name);
  const ordinal = Number(match?.[2]);
  return match && ordinal < 2 ** 31 ? { parent: match[1]!, ordinal } : undefined;
}

export function ordinalOf(pod: Pod): number {
  return parentAndOrdinal(pod)?.ordinal ?? -1;
}

export function isMember(set: StatefulSet, pod: Pod): boolean {
  return parentAndOrdinal(pod)?.parent === set.metadata.name;
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + replicasOf(set);
}

export function podNameOf({ metadata }: StatefulSet, ordinal: number): string {
  return `${metadata.name}-${ordinal}`;
}

export function newPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
): NewObject<Pod> & { metadata: Partial<Pod["metadata"]> } {
  const name = podNameOf(set, ordinal);
  const { metadata, spec } = podFromTemplate(template, kinds.statefulSets, set);
  return {
    metadata: {
      ...metadata,
      name,
      labels: { ...metadata.labels, ...identityLabels(name, ordinal), [REVISION_LABEL]: revision },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
      ...withClaims(set, spec.volumes, ordinal),
    },
  };
}

export function identityLabels(name: string, ordinal: number): Record<string, string> {
  return { [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal) };
}

export function hasIdentity(pod: Pod): boolean {
  return pod.metadata.labels?.[POD_NAME_LABEL] === pod.metadata.name;
}

function withClaims(
  set: StatefulSet,
  volumes: Pod["spec"]["volumes"] = [],
  ordinal: number,
): { volumes?: Pod["spec"]["volumes"] } {
  const names = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata!.name);
  const claims = names.map(name => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${podNameOf(set, ordinal)}` },
  }));
  const all = [...claims, ...volumes.filter(({ name }) => !names.includes(name))];
  return all.length > 0 ? { volumes: all } : {};
}
