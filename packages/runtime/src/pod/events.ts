/** The events of a Pod's life, in the kubelet's words. */
import type { Container, Pod } from "@podwire/api";
import type { PodEvent } from "./ports.ts";

/** Of the event and of the Pod's status. */
export const DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline";

type About = (pod: Pod, container: Container) => PodEvent;

export const events = {
  pulled: ((pod, container) =>
    normal(
      pod,
      container,
      "Pulled",
      `Container image "${container.image}" already present on machine`,
    )) as About,
  notPulled: ((pod, container) =>
    warning(
      pod,
      container,
      "ImageNotPulled",
      `Podwire pulls no images: container ${container.name} runs its command on the host's root file system ` +
        `instead of "${container.image}", read-only outside its own writable directories`,
    )) as About,
  imageNeverPulled: (pod: Pod, container: Container, message: string): PodEvent =>
    warning(pod, container, "ErrImageNeverPull", message),
  created: ((pod, container) =>
    normal(pod, container, "Created", `Created container: ${container.name}`)) as About,
  started: ((pod, container) =>
    normal(pod, container, "Started", `Started container ${container.name}`)) as About,
  killing: (pod: Pod, container: Container, message = `Stopping container ${container.name}`): PodEvent =>
    normal(pod, container, "Killing", message),
  unhealthy: (pod: Pod, container: Container, message: string): PodEvent =>
    warning(pod, container, "Unhealthy", message),
  probeWarning: (pod: Pod, container: Container, message: string): PodEvent =>
    warning(pod, container, "ProbeWarning", message),
  hookFailed: (pod: Pod, container: Container, hook: "PostStart" | "PreStop"): PodEvent =>
    warning(pod, container, `Failed${hook}Hook`, `${hook}Hook failed`),
  deadlineExceeded: {
    type: "Normal",
    reason: "DeadlineExceeded",
    message: DEADLINE_MESSAGE,
  } as PodEvent,
  backOff: ((pod, container) => {
    const { name, namespace, uid } = pod.metadata;
    const message = `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`;
    return warning(pod, container, "BackOff", message);
  }) as About,
  pullBackOff: ((pod, container) =>
    normal(pod, container, "BackOff", `Back-off pulling image "${container.image ?? ""}"`)) as About,
  failed: (pod: Pod, container: Container, message: string): PodEvent =>
    warning(pod, container, "Failed", message),
  sandboxFailed: (message: string): PodEvent => ({
    type: "Warning",
    reason: "FailedCreatePodSandBox",
    message: `Failed to create pod sandbox: ${message}`,
  }),
  syncFailed: (message: string): PodEvent => ({
    type: "Warning",
    reason: "FailedSync",
    message: `error syncing pod: ${message}`,
  }),
  dnsCut: (message: string): PodEvent => ({ type: "Warning", reason: "DNSConfigForming", message }),
  sandboxChanged: {
    type: "Normal",
    reason: "SandboxChanged",
    message: "Pod sandbox changed, it will be killed and re-created.",
  } as PodEvent,
  volumeFailed: (message: string): PodEvent => ({ type: "Warning", reason: "FailedMount", message }),
  tokensMissing: (volume: string, paths: readonly string[]): PodEvent => ({
    type: "Warning",
    reason: "ServiceAccountTokenMissing",
    message: `Podwire issues no tokens yet: volume "${volume}" comes without ${paths.join(", ")}`,
  }),
};

function normal(pod: Pod, container: Container, reason: string, message: string): PodEvent {
  return { type: "Normal", reason, message, fieldPath: fieldPath(pod, container) };
}

function warning(pod: Pod, container: Container, reason: string, message: string): PodEvent {
  return { type: "Warning", reason, message, fieldPath: fieldPath(pod, container) };
}

function fieldPath(pod: Pod, container: Container): string {
  const list = pod.spec.initContainers?.includes(container) ? "initContainers" : "containers";
  return `spec.${list}{${container.name}}`;
}
