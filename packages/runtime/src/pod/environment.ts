/**
 * A container's environment: what the runtime provides, then `env` in its order, each value expanded by those
 * before it.
 */
import type { Container, EnvVar, Pod } from "@podwire/api";
import { DEFAULT_PATH } from "../process/run.ts";
import { expand } from "./expand.ts";

/** What fieldRef can refer to besides the Pod object itself. */
export interface PodPlace {
  nodeName: string;
  hostIPs: readonly string[];
  podIPs: readonly string[];
  hostname: string;
}

/**
 * The variables that `env` declares. References see these only, as upstream: $(PATH) stays as written. Throws
 * with the field's name and what is allowed: the container is then in CreateContainerConfigError.
 */
export function declaredEnvironment(pod: Pod, container: Container, place: PodPlace): Map<string, string> {
  refuseSources(container);
  const declared = new Map<string, string>();
  for (const [index, variable] of (container.env ?? []).entries()) {
    if (variable.name === "" || /[=\0]/.test(variable.name)) {
      throw new Error(`container ${container.name}: env[${index}].name: must not be empty or contain "="`);
    }
    const value = variableValue(pod, container, variable, place, name => declared.get(name));
    if (value !== undefined) declared.set(variable.name, value);
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

function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  place: PodPlace,
  lookup: (name: string) => string | undefined,
): string | undefined {
  const source = variable.valueFrom;
  if (!source) return expand(variable.value ?? "", lookup);
  const field = `container ${container.name}: env ${variable.name}: valueFrom`;
  if (source.fieldRef) return podField(pod, place, source.fieldRef.fieldPath, `${field}.fieldRef.fieldPath`);
  for (const kind of ["configMapKeyRef", "secretKeyRef"] as const) {
    const reference = source[kind];
    if (reference?.optional) return undefined;
    if (reference)
      throw new Error(`${field}.${kind}: ${kind.slice(0, -6)} "${reference.name ?? ""}" not found`);
  }
  throw new Error(`${field}: only fieldRef is provided`);
}

function refuseSources(container: Container): void {
  const [source] = (container.envFrom ?? []).filter(from => !(from.configMapRef ?? from.secretRef)?.optional);
  if (!source) return;
  const [kind, reference] = source.secretRef
    ? ["secret", source.secretRef]
    : ["configmap", source.configMapRef];
  throw new Error(`container ${container.name}: envFrom: ${kind} "${reference?.name ?? ""}" not found`);
}

const FIELDS: Record<string, (pod: Pod, place: PodPlace) => string> = {
  "metadata.name": pod => pod.metadata.name,
  "metadata.namespace": pod => pod.metadata.namespace,
  "metadata.uid": pod => pod.metadata.uid,
  "metadata.labels": pod => formatMap(pod.metadata.labels),
  "metadata.annotations": pod => formatMap(pod.metadata.annotations),
  "spec.nodeName": (_, place) => place.nodeName,
  "spec.serviceAccountName": pod => pod.spec.serviceAccountName ?? "default",
  "status.hostIP": (_, place) => place.hostIPs[0] ?? "",
  "status.hostIPs": (_, place) => place.hostIPs.join(","),
  "status.podIP": (_, place) => place.podIPs[0] ?? "",
  "status.podIPs": (_, place) => place.podIPs.join(","),
};

function podField(pod: Pod, place: PodPlace, path: string, field: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2]!] ?? "";
  if (Object.hasOwn(FIELDS, path)) return FIELDS[path]!(pod, place);
  throw new Error(
    `${field}: "${path}" is not provided; allowed are ${Object.keys(FIELDS).join(", ")}, ` +
      "metadata.labels['NAME'] and metadata.annotations['NAME']",
  );
}

/** As the downward API writes a map: key="value", sorted, a line each. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}
