/** The events of a Pod's life, in the kubelet's words. */
import type { Container, Pod } from "@podwire/api";
import type { PodEvent } from "./ports.ts";

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
  created: ((pod, container) =>
    normal(pod, container, "Created", `Created container: ${container.name}`)) as About,
  started: ((pod, container) =>
    normal(pod, container, "Started", `Started container ${container.name}`)) as About,
  killing: ((pod, container) =>
    normal(pod, container, "Killing", `Stopping container ${container.name}`)) as About,
  backOff: ((pod, container) => {
    const { name, namespace, uid } = pod.metadata;
    const message = `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`;
    return warning(pod, container, "BackOff", message);
  }) as About,
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
  sandboxChanged: {
    type: "Normal",
    reason: "SandboxChanged",
    message: "Pod sandbox changed, it will be killed and re-created.",
  } as PodEvent,
  volumesIgnored: (names: readonly string[]): PodEvent => ({
    type: "Warning",
    reason: "FailedMount",
    message: `Podwire mounts no volumes: ${names.join(", ")} will be missing in the containers`,
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
