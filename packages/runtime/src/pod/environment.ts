/**
 * A container's environment, as the kubelet makes it:
 *
 *   envFrom, in its order    whole ConfigMaps and Secrets, a later source wins
 *   env, in its order        a literal value is expanded by what came before it, and by Services
 *   Services                 where nothing else has that name
 *
 * and beneath it what the runtime itself provides.
 */
import type { Container, EnvVar, EnvVarSource, KeySelector, Pod } from "@podwire/api";
import { DEFAULT_PATH } from "../process/run.ts";
import { type ConfigKind, type ConfigObjects, findObject, objectTexts } from "../volumes/config-objects.ts";
import { expand } from "./expand.ts";
import { type NodeResources, type PodPlace, podField, resourceField } from "./fields.ts";

/** What a Pod's variables and files are made from. */
export interface PodSources {
  place: PodPlace;
  objects: ConfigObjects;
  resources: NodeResources;
  /** Variables of the Services that the Pod may use, when it was started. */
  services: ReadonlyMap<string, string>;
}

/**
 * The variables that a container declares and those of Services: what references see, so that $(PATH) stays as
 * written. Throws with the field's name, or MissingObject: the container is then in CreateContainerConfigError.
 */
export function declaredEnvironment(
  pod: Pod,
  container: Container,
  sources: PodSources,
): Map<string, string> {
  const declared = wholeObjects(pod, container, sources.objects);
  const lookup = (name: string): string | undefined => declared.get(name) ?? sources.services.get(name);
  for (const variable of container.env ?? []) {
    const value = variableValue(pod, container, variable, sources, lookup);
    if (value !== undefined) declared.set(variable.name, value);
  }
  for (const [name, value] of sources.services) if (!declared.has(name)) declared.set(name, value);
  for (const name of declared.keys()) {
    // What no process can be given; upstream's validation lets a ConfigMap's key hold neither.
    if (name === "" || /[=\0]/.test(name)) {
      throw new Error(`container ${container.name}: the variable "${name}" must not be empty or contain "="`);
    }
  }
  return declared;
}

/** What the container's process gets: the runtime's own variables, those of its image, the declared ones. */
export function containerEnvironment(
  container: Container,
  place: PodPlace,
  declared: ReadonlyMap<string, string>,
  ofImage: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  return new Map([
    ["PATH", DEFAULT_PATH],
    ["HOSTNAME", place.hostname],
    ["HOME", "/root"],
    ...(container.tty ? [["TERM", "xterm"] as const] : []),
    ...ofImage,
    ...declared,
  ]);
}

/** Command line with its references expanded. */
export function expandCommand(command: readonly string[], declared: ReadonlyMap<string, string>): string[] {
  return command.map(word => expand(word, name => declared.get(name)));
}

function wholeObjects(pod: Pod, container: Container, objects: ConfigObjects): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { configMapRef, secretRef, prefix = "" } of container.envFrom ?? []) {
    const kind: ConfigKind = configMapRef ? "ConfigMap" : "Secret";
    const reference = configMapRef ?? secretRef;
    if (!reference) continue;
    const { name = "", optional } = reference;
    if (optional && !objects.get(kind, pod.metadata.namespace, name)) continue;
    const object = findObject(objects, kind, pod.metadata.namespace, name);
    for (const [key, value] of objectTexts(kind, object)) variables.set(prefix + key, value);
  }
  return variables;
}

function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  sources: PodSources,
  lookup: (name: string) => string | undefined,
): string | undefined {
  const source = variable.valueFrom;
  if (variable.value || !source) return expand(variable.value ?? "", lookup);
  if (source.configMapKeyRef) return keyValue(pod, "ConfigMap", source.configMapKeyRef, sources.objects);
  if (source.secretKeyRef) return keyValue(pod, "Secret", source.secretKeyRef, sources.objects);
  try {
    return downwardValue(pod, container, source, sources);
  } catch (cause) {
    throw new Error(
      `container ${container.name}: env ${variable.name}: valueFrom: ${(cause as Error).message}`,
    );
  }
}

/** Undefined: the object or the key is missing, and may be. */
function keyValue(
  pod: Pod,
  kind: ConfigKind,
  { name = "", key, optional }: KeySelector,
  objects: ConfigObjects,
): string | undefined {
  const { namespace } = pod.metadata;
  if (optional && !objects.get(kind, namespace, name)) return undefined;
  const value = objectTexts(kind, findObject(objects, kind, namespace, name)).get(key);
  if (value !== undefined || optional) return value;
  throw new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function downwardValue(pod: Pod, container: Container, source: EnvVarSource, sources: PodSources): string {
  if (source.fieldRef) return podField(pod, sources.place, source.fieldRef.fieldPath);
  if (source.resourceFieldRef) {
    return resourceField(pod, container, source.resourceFieldRef, sources.resources);
  }
  throw new Error("one of fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef is needed");
}
