/** Which ConfigMaps and Secrets a Pod refers to: what a node has to know to run it. */
import type { Container } from "./container.ts";
import type { Pod } from "./pod.ts";

export interface ConfigReference {
  kind: "ConfigMap" | "Secret";
  name: string;
}

/** Each one once, in the Pod's own namespace; what is optional too. */
export function configReferences(pod: Pod): ConfigReference[] {
  const references = new Map<string, ConfigReference>();
  const add = (kind: ConfigReference["kind"], name: string | undefined): void => {
    if (name) references.set(`${kind}/${name}`, { kind, name });
  };
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    addFromEnvironment(container, add);
  }
  for (const volume of pod.spec.volumes ?? []) {
    add("ConfigMap", volume.configMap?.name);
    add("Secret", volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add("ConfigMap", source.configMap?.name);
      add("Secret", source.secret?.name);
    }
  }
  return [...references.values()];
}

function addFromEnvironment(
  container: Container,
  add: (kind: ConfigReference["kind"], name: string | undefined) => void,
): void {
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    add("ConfigMap", configMapRef?.name);
    add("Secret", secretRef?.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    add("ConfigMap", valueFrom?.configMapKeyRef?.name);
    add("Secret", valueFrom?.secretKeyRef?.name);
  }
}
