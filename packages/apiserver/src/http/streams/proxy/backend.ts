/**
 * Who answers a proxied request: `[scheme:]name[:port]` of a Pod or Service, as upstream's ResourceLocation.
 *
 *   pods       the port given, or the first that a container declares; at the Pod's own address
 *   services   the port by name or number, or the only one; any endpoint of it that is ready and a Pod
 */
import {
  badRequest,
  type EndpointSlice,
  kinds,
  type Pod,
  parseLabelSelector,
  type Service,
  serviceUnavailable,
} from "@podwire/api";
import type { Registry } from "../../../registry/registry.ts";
import type { NamedExchange } from "../../exchange.ts";
import { isPort } from "../port-forward.ts";

export interface Backend {
  readonly pod: Pod;
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
}

interface Asked {
  readonly registry: Registry;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly port: string;
  /** "", "http" or "https". */
  readonly scheme: string;
}

type Find = (asked: Asked) => Promise<Backend>;

/** By kind: who can be proxied to. */
const FINDERS: Readonly<Record<string, Find>> = { pods: findPod, services: findEndpoint };

export function findBackend({
  services,
  target,
}: Pick<NamedExchange, "services" | "target">): Promise<Backend> {
  const { kind, namespace, name } = target;
  return FINDERS[kind.plural]!({ registry: services.registry, namespace, ...split(name, kind.plural) });
}

/** `name`, `name:port`, `scheme:name:port`, of which the last may have an empty scheme or port. */
function split(id: string, plural: string): Pick<Asked, "scheme" | "name" | "port"> {
  const parts = id.split(":");
  const [scheme, name, port] = parts.length === 3 ? parts : ["", ...parts];
  const isKnown = scheme === "" || scheme === "http" || scheme === "https";
  if (parts.length <= 3 && isKnown && name) return { scheme, name, port: port ?? "" };
  throw badRequest(`invalid ${plural === "pods" ? "pod" : "service"} request ${JSON.stringify(id)}`);
}

async function findPod({ registry, namespace, name, port, scheme }: Asked): Promise<Backend> {
  const { object: pod } = await registry.get(kinds.pods, { namespace, name });
  const declared = pod.spec.containers.flatMap(each => each.ports ?? [])[0]?.containerPort;
  const isTls = scheme === "https";
  const number = port === "" ? (declared ?? (isTls ? 443 : 80)) : Number(port);
  if (!isPort(number)) throw badRequest(`invalid pod request: ${JSON.stringify(port)} is not a port`);
  const address = pod.status?.podIPs?.[0]?.ip;
  if (!address || !pod.spec.nodeName) throw badRequest("address not allowed");
  return { pod, address, port: number, isTls };
}

async function findEndpoint({ registry, namespace, name, port, scheme }: Asked): Promise<Backend> {
  const { object: service } = await registry.get(kinds.services, { namespace, name });
  const portName = choosePort(service, port);
  const labels = parseLabelSelector(`kubernetes.io/service-name=${name}`);
  const slices = await registry.list(kinds.endpointSlices, { namespace, labels });
  const ready = slices.items.flatMap(({ object }) => readyPods(object, portName));
  if (ready.length === 0) throw serviceUnavailable(`no endpoints available for service "${name}"`);
  const { pod: podName, address, number } = ready[Math.floor(Math.random() * ready.length)]!;
  const { object: pod } = await registry.get(kinds.pods, { namespace, name: podName });
  return { pod, address, port: number, isTls: scheme === "https" };
}

/** The name of the Service's port, as its endpoints have it. */
function choosePort(service: Service, asked: string): string {
  const ports = service.spec.ports ?? [];
  if (asked === "" && ports.length === 1) return ports[0]!.name ?? "";
  const found = ports.find(({ name = "", port }) => name === asked || String(port) === asked);
  if (found) return found.name ?? "";
  const { name } = service.metadata;
  const isNumber = /^\d+$/.test(asked);
  throw serviceUnavailable(
    isNumber
      ? `no service port ${asked} found for service "${name}"`
      : `no endpoints available for service "${name}"`,
  );
}

function readyPods(
  slice: EndpointSlice,
  portName: string,
): { pod: string; address: string; number: number }[] {
  const number = (slice.ports ?? []).find(
    ({ name, protocol }) => name === portName && protocol === "TCP",
  )?.port;
  if (number === undefined) return [];
  return slice.endpoints
    .filter(({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.kind === "Pod")
    .map(({ addresses, targetRef }) => ({ pod: targetRef!.name!, address: addresses[0]!, number }));
}
