/** The Endpoints that a Service should have: of its first family, recomputed from what there is. */
import type { EndpointAddress, EndpointSubset, Pod, Service } from "@podwire/api";
import { familiesOf, hostnameIn, isHeadless, targetPortOf } from "../service-endpoints/pod-endpoint.ts";
import { factsOf } from "../service-endpoints/pod-facts.ts";
import { SubsetPacker } from "../service-endpoints/subsets.ts";

export function desiredSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const { ports = [], publishNotReadyAddresses = false } = service.spec;
  const packer = new SubsetPacker();
  for (const pod of pods) {
    const { hasEndpoint, isReady } = factsOf(pod);
    const isEnding = pod.metadata.deletionTimestamp !== undefined;
    if (!hasEndpoint || (isEnding && !publishNotReadyAddresses)) continue;
    const address = addressOf(service, pod);
    if (address === undefined) continue;
    const ready = publishNotReadyAddresses || isReady;
    if (ports.length === 0 && isHeadless(service)) packer.add(address, undefined, ready);
    for (const servicePort of ports) {
      const port = targetPortOf(pod, servicePort);
      if (port === undefined) continue;
      const { name, protocol = "TCP", appProtocol } = servicePort;
      packer.add(
        address,
        { ...(name && { name }), port, protocol, ...(appProtocol && { appProtocol }) },
        ready,
      );
    }
  }
  return packer.pack();
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const [ip] = factsOf(pod).addresses[familiesOf(service)[0]!];
  if (ip === undefined) return undefined;
  const { namespace, name, uid } = pod.metadata;
  const { nodeName } = pod.spec;
  const hostname = hostnameIn(service, pod);
  return {
    ip,
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
  };
}
