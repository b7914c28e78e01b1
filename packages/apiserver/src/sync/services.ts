/** Services and EndpointSlices as nodes hear of them: what their data planes and DNS servers need, and no more. */
import type { EndpointSlice, Service } from "@podwire/api";
import type { Endpoint, Service as ServiceMessage, EndpointSlice as SliceMessage } from "@podwire/protocol";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

export function serviceOf({ metadata, spec, status }: Service): ServiceMessage {
  const { namespace, name } = metadata;
  const isExternalName = spec.type === "ExternalName";
  const clusterIps = (spec.clusterIPs ?? []).filter(address => address !== "None" && address !== "");
  const ingress = status.loadBalancer?.ingress ?? [];
  const affinityTimeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  return {
    namespace,
    name,
    clusterIps: isExternalName ? [] : clusterIps,
    ports: (spec.ports ?? []).map(({ name = "", protocol = "TCP", port, nodePort = 0 }) => ({
      name,
      protocol,
      port,
      nodePort,
    })),
    externalName: isExternalName ? (spec.externalName ?? "") : "",
    externalIps: [...(spec.externalIPs ?? [])],
    loadBalancerIps: ingress.flatMap(({ ip = "", ipMode }) => (ip === "" || ipMode === "Proxy" ? [] : [ip])),
    loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? []).map(range => range.trim()),
    affinityTimeoutSeconds: spec.sessionAffinity === "ClientIP" ? affinityTimeout : 0,
    internalTrafficPolicyLocal: spec.internalTrafficPolicy === "Local",
    externalTrafficPolicyLocal: spec.externalTrafficPolicy === "Local",
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
  };
}

/** Undefined for a slice that is nobody's or names hosts. A port without a number is any port, which none can be sent to. */
export function endpointSliceOf(slice: EndpointSlice): SliceMessage | undefined {
  const { namespace, name, labels = {} } = slice.metadata;
  const service = labels[SERVICE_NAME_LABEL];
  if (!service || slice.addressType === "FQDN") return undefined;
  const ports = (slice.ports ?? []).flatMap(({ name = "", protocol = "TCP", port }) =>
    port === undefined ? [] : [{ name, protocol, port, nodePort: 0 }],
  );
  return { namespace, name, service, ports, endpoints: (slice.endpoints ?? []).map(endpointOf) };
}

function endpointOf(endpoint: NonNullable<EndpointSlice["endpoints"]>[number]): Endpoint {
  const { addresses, conditions = {}, hostname = "", nodeName = "", zone = "", hints } = endpoint;
  const ready = conditions.ready ?? true;
  const { serving = ready, terminating = false } = conditions;
  return {
    addresses: [...addresses],
    ready,
    serving,
    terminating,
    hostname,
    nodeName,
    zone,
    forZones: (hints?.forZones ?? []).map(each => each.name),
    forNodes: (hints?.forNodes ?? []).map(each => each.name),
  };
}

/** What a Service means that says ClientIP and no time. */
const DEFAULT_AFFINITY_SECONDS = 10_800;
