/**
 * Services as variables (upstream: pkg/kubelet/envvars): those of the Pod's namespace unless `enableServiceLinks` is
 * false, and always the Service `kubernetes` of the namespace `default`.
 *
 *   web-api, 10.96.0.10, http 80/TCP
 *     WEB_API_SERVICE_HOST=10.96.0.10        WEB_API_PORT=tcp://10.96.0.10:80
 *     WEB_API_SERVICE_PORT=80                WEB_API_PORT_80_TCP=tcp://10.96.0.10:80
 *     WEB_API_SERVICE_PORT_HTTP=80           WEB_API_PORT_80_TCP_PROTO, _PORT, _ADDR
 *
 * A container that is started again gets the Services of that time.
 */
import type { Pod } from "@podwire/api";

/** A Service that has addresses of its own. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIps: readonly string[];
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

export type ServicesOf = (namespace: string) => readonly ServiceAddress[];

const MASTER_NAMESPACE = "default";
const MASTER_SERVICE = "kubernetes";

export function serviceEnvironment(
  { metadata, spec }: Pod,
  services: ServicesOf,
): ReadonlyMap<string, string> {
  const seen = new Map<string, ServiceAddress>();
  if (spec.enableServiceLinks !== false) {
    for (const service of services(metadata.namespace)) seen.set(service.name, service);
  }
  const master = services(MASTER_NAMESPACE).find(({ name }) => name === MASTER_SERVICE);
  if (master !== undefined && !seen.has(MASTER_SERVICE)) seen.set(MASTER_SERVICE, master);
  return new Map([...seen.values()].flatMap(variables));
}

function variables({ name, clusterIps, ports }: ServiceAddress): [string, string][] {
  const [address] = clusterIps;
  const [first] = ports;
  if (address === undefined || first === undefined) return [];
  const prefix = variableName(name);
  const named = ports.filter(port => port.name !== "");
  return [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...named.map((port): [string, string] => [
      `${prefix}_SERVICE_PORT_${variableName(port.name)}`,
      String(port.port),
    ]),
    [`${prefix}_PORT`, url(address, first)],
    ...ports.flatMap(port => linkVariables(prefix, address, port)),
  ];
}

function linkVariables(
  prefix: string,
  address: string,
  port: ServiceAddress["ports"][number],
): [string, string][] {
  const start = `${prefix}_PORT_${port.port}_${port.protocol}`;
  return [
    [start, url(address, port)],
    [`${start}_PROTO`, port.protocol.toLowerCase()],
    [`${start}_PORT`, String(port.port)],
    [`${start}_ADDR`, address],
  ];
}

function url(address: string, { protocol, port }: ServiceAddress["ports"][number]): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${protocol.toLowerCase()}://${host}:${port}`;
}

function variableName(text: string): string {
  return text.toUpperCase().replaceAll("-", "_");
}
