/** The ports of slices: those of a Service as a Pod has them. */
import type { EndpointSlicePort, Pod, Service } from "@podwire/api";
import { targetPortOf } from "../service-endpoints/pod-endpoint.ts";
import { portKey } from "../service-endpoints/port-key.ts";

export interface PortMap {
  readonly key: string;
  readonly ports: EndpointSlicePort[];
}

/** A port that the Pod does not have is left out; in the order of names, so that another order in the Service changes nothing. */
export function portMaps({ spec: { ports = [] } }: Service): (pod: Pod) => PortMap {
  const portsOf = (pod: Pod) =>
    portMap(
      ports.flatMap(servicePort => {
        const { name = "", protocol = "TCP", appProtocol } = servicePort;
        const port = targetPortOf(pod, servicePort);
        return port === undefined ? [] : [{ name, protocol, port, ...(appProtocol && { appProtocol }) }];
      }),
    );
  if (ports.some(({ targetPort }) => typeof targetPort === "string")) return portsOf;
  // Without names all Pods have the same.
  let common: PortMap | undefined;
  return pod => {
    common ??= portsOf(pod);
    return common;
  };
}

function portMap(ports: EndpointSlicePort[]): PortMap {
  const sorted = ports.sort((a, b) => (a.name! < b.name! ? -1 : 1));
  return { key: portKey(sorted), ports: sorted };
}
