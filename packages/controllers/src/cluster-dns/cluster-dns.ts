/**
 * The Service `kube-dns` in the namespace `kube-system`, by which Pods find the cluster's DNS, with a slice a family: kept as
 * they should be, whoever changes or deletes them.
 *
 *   every Node answers itself, at host number 1 of its pod CIDRs -> an endpoint of each slice, on that Node
 *   the Service's internal traffic is local                      -> a Pod's questions stay on its Node
 *
 * An endpoint is ready whatever becomes of its Node: nobody but the Node's own Pods is sent there, and a Node that is cut
 * off goes on answering them.
 */
import { type EndpointSlice, type Kind, kinds, type Node, type Service } from "@podwire/api";
import type { Informer } from "@podwire/client";
import { formatAddress } from "@podwire/wire/address";
import { nthAddress, parseCidr } from "@podwire/wire/cidr";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { ensure } from "../ensure.ts";
import { LIMITS } from "../limits.ts";
import { podCidrsOf } from "../node-ipam/allocate.ts";
import { WorkQueue } from "../work-queue.ts";

const NAMESPACE = "kube-system";
const NAME = "kube-dns";
/** As kubeadm labels it; tools find it by these. */
const LABELS = {
  "k8s-app": NAME,
  "kubernetes.io/cluster-service": "true",
  "kubernetes.io/name": "CoreDNS",
};
/** The address of a Node itself in each of its pod CIDRs. */
const NODE_HOST_NUMBER = 1;
const PORT = 53;
const PORTS = [
  { name: "dns", protocol: "UDP", port: PORT },
  { name: "dns-tcp", protocol: "TCP", port: PORT },
] as const;
const FAMILIES = ["IPv4", "IPv6"] as const;
type Family = (typeof FAMILIES)[number];

/** `clusterIPs`: at most one a family, the cluster's first family first. Before `objects` is started. */
export function startClusterDns(
  { api, clock, log }: Pick<ControllerContext, "api" | "clock" | "log">,
  nodes: Informer<Node>,
  objects: AllObjects,
  clusterIPs: readonly string[],
): Controller {
  const service = serviceOf(clusterIPs);

  const reconcile = async () => {
    await ensure(api, kinds.services, service, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, ...LABELS };
      copy.spec.ports = service.spec.ports;
      copy.spec.internalTrafficPolicy = "Local";
      delete copy.spec.selector;
    });
    for (const family of FAMILIES.filter(each => clusterIPs.some(address => familyOf(address) === each))) {
      const slice = sliceOf(family, nodes.values());
      await ensure(api, kinds.endpointSlices, slice, copy => {
        copy.metadata.labels = { ...copy.metadata.labels, ...slice.metadata.labels };
        Object.assign(copy, { endpoints: slice.endpoints, ports: slice.ports });
      });
    }
  };

  const queue = new WorkQueue({ name: "cluster-dns", reconcile, clock, log });
  const kept: readonly Kind[] = [kinds.services, kinds.endpointSlices];
  objects.onChange((kind, { before, after }) => {
    const { namespace, name } = (after ?? before!).metadata;
    if (namespace === NAMESPACE && name.startsWith(NAME) && kept.includes(kind)) queue.add(NAME);
  });
  nodes.onChange(({ before, after }) => {
    if (podCidrsText(before) !== podCidrsText(after)) queue.addAfter(NAME, LIMITS.clusterDnsDelayMs);
  });
  queue.add(NAME);
  return { stop: () => queue.stop() };
}

function familyOf(addressOrCidr: string): Family {
  return addressOrCidr.includes(":") ? "IPv6" : "IPv4";
}

function podCidrsText(node: Node | undefined): string {
  return node === undefined ? "" : podCidrsOf(node).join();
}

function serviceOf(clusterIPs: readonly string[]) {
  return {
    metadata: { namespace: NAMESPACE, name: NAME, labels: LABELS },
    spec: {
      type: "ClusterIP",
      clusterIP: clusterIPs[0]!,
      clusterIPs: [...clusterIPs],
      ipFamilies: clusterIPs.map(familyOf),
      ipFamilyPolicy: clusterIPs.length > 1 ? "RequireDualStack" : "SingleStack",
      ports: PORTS.map(port => ({ ...port, targetPort: port.port })),
      sessionAffinity: "None",
      internalTrafficPolicy: "Local",
    } satisfies Service["spec"],
  };
}

function sliceOf(family: Family, nodes: readonly Node[]) {
  return {
    metadata: {
      namespace: NAMESPACE,
      name: `${NAME}-${family.toLowerCase()}`,
      labels: {
        "kubernetes.io/service-name": NAME,
        "endpointslice.kubernetes.io/managed-by": "podwire-cluster-dns",
      },
    },
    addressType: family,
    endpoints: nodes
      .flatMap(node => {
        const cidr = podCidrsOf(node).find(each => familyOf(each) === family);
        const { name } = node.metadata;
        return cidr === undefined ? [] : [endpointOf(name, cidr)];
      })
      .sort((one, other) => (one.nodeName < other.nodeName ? -1 : 1)),
    ports: PORTS.map(port => ({ ...port })),
  } satisfies Partial<Omit<EndpointSlice, "metadata">> & { metadata: object };
}

function endpointOf(nodeName: string, podCidr: string) {
  const address = formatAddress(nthAddress(parseCidr(podCidr)!, NODE_HOST_NUMBER));
  return { addresses: [address], conditions: { ready: true }, nodeName };
}
