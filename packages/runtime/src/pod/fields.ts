/** What the downward API gives a Pod of itself: fields of the object, its place, its containers' resources. */
import { type Container, type Pod, quantityNanos, type ResourceFieldSelector } from "@podwire/api";
import { allContainers } from "./plan.ts";

/** What fieldRef can refer to besides the Pod object itself. */
export interface PodPlace {
  nodeName: string;
  hostIPs: readonly string[];
  podIPs: readonly string[];
  hostname: string;
}

/** What a container without a limit may use: quantities of the node. */
export interface NodeResources {
  cpu: string;
  memory: string;
  "ephemeral-storage": string;
}

const OF_OBJECT: Record<string, (pod: Pod) => string> = {
  "metadata.name": pod => pod.metadata.name,
  "metadata.namespace": pod => pod.metadata.namespace,
  "metadata.uid": pod => pod.metadata.uid,
  "metadata.labels": pod => formatMap(pod.metadata.labels),
  "metadata.annotations": pod => formatMap(pod.metadata.annotations),
};

const OF_PLACE: Record<string, (pod: Pod, place: PodPlace) => string> = {
  "spec.nodeName": (_, place) => place.nodeName,
  "spec.serviceAccountName": pod => pod.spec.serviceAccountName ?? "default",
  "status.hostIP": (_, place) => place.hostIPs[0] ?? "",
  "status.hostIPs": (_, place) => place.hostIPs.join(","),
  "status.podIP": (_, place) => place.podIPs[0] ?? "",
  "status.podIPs": (_, place) => place.podIPs.join(","),
};

/** For a file of a volume, which can show the object only. Throws for another path. */
export function objectField(pod: Pod, path: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2]!] ?? "";
  if (Object.hasOwn(OF_OBJECT, path)) return OF_OBJECT[path]!(pod);
  const allowed = [...Object.keys(OF_OBJECT), "metadata.labels['NAME']", "metadata.annotations['NAME']"];
  throw new Error(`fieldPath "${path}" is not provided; allowed are ${allowed.join(", ")}`);
}

/** For a variable, which can also show where the Pod is. Throws for another path. */
export function podField(pod: Pod, place: PodPlace, path: string): string {
  if (Object.hasOwn(OF_PLACE, path)) return OF_PLACE[path]!(pod, place);
  try {
    return objectField(pod, path);
  } catch (cause) {
    throw new Error(`${(cause as Error).message}, ${Object.keys(OF_PLACE).join(", ")}`);
  }
}

const NANOS_OF_ONE = 1_000_000_000n;
const NANOS_OF_MILLI = 1_000_000n;

/**
 * A container's limit or request in units of the divisor, rounded up: cores of the CPU, bytes of the others. A limit
 * that is not set is what the node has. `own` is the container that asks, when no other is named.
 */
export function resourceField(
  pod: Pod,
  own: Container | undefined,
  selector: ResourceFieldSelector,
  node: NodeResources,
): string {
  const { containerName, resource, divisor } = selector;
  const container = containerName ? allContainers(pod).find(one => one.name === containerName) : own;
  if (!container) throw new Error(`container ${containerName ?? ""} not found`);
  const [list, name] = splitResource(resource);
  const unset = list === "limits" ? (node[name as keyof NodeResources] ?? "0") : "0";
  const value = container.resources?.[list]?.[name] ?? unset;
  const unit = name === "cpu" ? NANOS_OF_MILLI : NANOS_OF_ONE;
  const inUnits = (text: string): bigint => roundUp(quantityNanos(text) ?? 0n, unit);
  const by = inUnits(divisor ?? "0");
  return roundUp(inUnits(value), by === 0n ? inUnits("1") : by).toString();
}

function splitResource(resource: string): ["limits" | "requests", string] {
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource);
  if (!match) throw new Error(`unsupported container resource : ${resource}`);
  return [match[1] as "limits" | "requests", match[2]!];
}

function roundUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** As the downward API writes a map: key="value", sorted, a line each. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}
