/** Defaults of a Pod that depend on other fields: kubernetes/pkg/apis/core/v1/defaults.go. */
import type { Container, EphemeralContainer } from "../../core/container.ts";
import type { Pod, PodSpec } from "../../core/pod.ts";
import type { PodStatus } from "../../core/pod-status.ts";
import type { PodTemplateSpec } from "../../core/pod-template.ts";
import type { Toleration } from "../../core/scheduling.ts";
import { volumeSourceNames } from "../../core/volume.ts";
import { compareQuantities } from "../../values/quantity.ts";

export function defaultPod({ spec }: Pod): void {
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  // Less than none is taken for as little as there is.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    requestsFromLimits(container);
    if (spec.hostNetwork) hostPorts(container);
  }
}

/** Those of a template's Pods stop here: the rest is for the Pods that are made from it. */
export function defaultTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) defaultPodSpec(template.spec);
}

function defaultPodSpec(spec: PodSpec): void {
  for (const container of allContainers(spec)) {
    container.imagePullPolicy ||= defaultPullPolicy(container.image ?? "");
  }
  for (const volume of spec.volumes ?? []) {
    const has = volumeSourceNames.some(source => source in volume);
    if (!has) volume.emptyDir = {};
  }
  if (spec.serviceAccountName || spec.serviceAccount) {
    // The older name of the same field, kept in step.
    spec.serviceAccountName ||= spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
  }
}

export function allContainers(spec: PodSpec): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** `Always` for `latest`, which may change; else what is there will do. */
function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const [reference = "", digest] = image.split("@");
  const tag = /:([^:/]+)$/.exec(reference)?.[1];
  return digest === undefined && (tag === undefined || tag === "latest") ? "Always" : "IfNotPresent";
}

function requestsFromLimits(container: Container): void {
  const { limits } = container.resources ?? {};
  if (!limits || !container.resources) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

/** The Pod has no ports but the host's. */
function hostPorts(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
}

const EVICTION_SECONDS = 300;

/** A node may be away this long before its Pods are evicted: the DefaultTolerationSeconds admission plugin. */
function defaultTolerations(tolerations: readonly Toleration[]): Toleration[] {
  const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
  const missing = keys.filter(
    key =>
      !tolerations.some(
        ({ key: has, effect }) => (!has || has === key) && (!effect || effect === "NoExecute"),
      ),
  );
  const added = missing.map(
    (key): Toleration => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: EVICTION_SECONDS,
    }),
  );
  return [...tolerations, ...added];
}

/** What a new Pod starts with, whatever its author wrote. */
export function prepareNewPod(pod: Pod): void {
  pod.status = { phase: "Pending", qosClass: qosClass(pod.spec) };
  pod.spec.tolerations = defaultTolerations(pod.spec.tolerations ?? []);
  pod.spec.serviceAccountName ||= "default";
  pod.spec.serviceAccount = pod.spec.serviceAccountName;
  pod.spec.priority ??= 0;
  pod.spec.preemptionPolicy ??= "PreemptLowerPriority";
}

const QOS_RESOURCES = ["cpu", "memory"];

/** Guaranteed: every container limits cpu and memory and requests as much; BestEffort: none asks for either. */
function qosClass(spec: PodSpec): NonNullable<PodStatus["qosClass"]> {
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const asked = (amounts: Record<string, string> | undefined, name: string) => {
    const amount = amounts?.[name];
    return amount !== undefined && compareQuantities(amount, "0") > 0 ? amount : undefined;
  };
  const any = all.some(({ resources }) =>
    QOS_RESOURCES.some(name => asked(resources?.limits, name) ?? asked(resources?.requests, name)),
  );
  if (!any) return "BestEffort";
  const guaranteed = all.every(({ resources }) =>
    QOS_RESOURCES.every(name => {
      const limit = asked(resources?.limits, name);
      const request = asked(resources?.requests, name) ?? limit;
      return limit !== undefined && compareQuantities(limit, request!) === 0;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
