/** Services and EndpointSlices as nodes hear of them: what their data planes need, and no more. */
import type { EndpointSlice, Service } from "@podwire/api";
import type { Endpoint, Service as ServiceMessage, EndpointSlice as SliceMessage } from "@podwire/protocol";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** Undefined for a Service without an address of its own: headless, ExternalName, or none given yet. */
export function serviceOf({ metadata, spec }: Service): ServiceMessage | undefined {
  const { namespace, name } = metadata;
  const clusterIps = (spec.clusterIPs ?? []).filter(address => address !== "None" && address !== "");
  if (spec.type === "ExternalName" || clusterIps.length === 0) return undefined;
  const ports = (spec.ports ?? []).map(port => ({
    name: port.name ?? "",
    protocol: port.protocol ?? "TCP",
    port: port.port,
  }));
  return { namespace, name, clusterIps, ports };
}

/** Undefined for a slice that is nobody's or names hosts. A port without a number is any port, which none can be sent to. */
export function endpointSliceOf(slice: EndpointSlice): SliceMessage | undefined {
  const { namespace, name, labels = {} } = slice.metadata;
  const service = labels[SERVICE_NAME_LABEL];
  if (!service || slice.addressType === "FQDN") return undefined;
  const ports = (slice.ports ?? []).flatMap(({ name = "", protocol = "TCP", port }) =>
    port === undefined ? [] : [{ name, protocol, port }],
  );
  const endpoints = (slice.endpoints ?? []).map(({ addresses, conditions = {} }): Endpoint => {
    const ready = conditions.ready ?? true;
    const { serving = ready, terminating = false } = conditions;
    return { addresses: [...addresses], ready, serving, terminating };
  });
  return { namespace, name, service, ports, endpoints };
}
