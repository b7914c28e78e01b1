/**
 * The Service `kubernetes` in the namespace `default`, by which Pods reach the API server, with its EndpointSlice and
 * Endpoints: kept as they should be, whoever changes or deletes them (upstream: pkg/controlplane/controller).
 */
import { type EndpointSlice, type Endpoints, type Kind, kinds, type Service } from "@podwire/api";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { ensure } from "../ensure.ts";
import { WorkQueue } from "../work-queue.ts";

export interface ApiServerEndpoint {
  /** The Service's address: the first of the service CIDR. */
  readonly clusterIP: string;
  /** Where the API server listens, of the same family: reachable from every node. */
  readonly address: string;
  readonly port: number;
}

const NAMESPACE = "default";
const NAME = "kubernetes";
const SERVICE_PORT = 443;
const PORT_NAME = "https";
const LABELS = { component: "apiserver", provider: "kubernetes" };

/** Before `objects` is started. */
export function startKubernetesService(
  { api, clock, log }: Pick<ControllerContext, "api" | "clock" | "log">,
  objects: AllObjects,
  endpoint: ApiServerEndpoint,
): Controller {
  const service = serviceOf(endpoint);
  const slice = sliceOf(endpoint);
  const endpoints = endpointsOf(endpoint);

  const reconcile = async () => {
    await ensure(api, kinds.services, service, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, ...LABELS };
      copy.spec.ports = service.spec.ports;
    });
    await ensure(api, kinds.endpointSlices, slice, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, ...slice.metadata.labels };
      Object.assign(copy, { endpoints: slice.endpoints, ports: slice.ports });
    });
    await ensure(api, kinds.endpoints, endpoints, copy => {
      // Its slice is written here, so it is not mirrored.
      copy.metadata.labels = { ...copy.metadata.labels, ...endpoints.metadata.labels };
      copy.subsets = endpoints.subsets;
    });
  };

  const queue = new WorkQueue({ name: "kubernetes-service", reconcile, clock, log });
  const kept: readonly Kind[] = [kinds.services, kinds.endpointSlices, kinds.endpoints];
  objects.onChange((kind, { before, after }) => {
    const { namespace, name } = (after ?? before!).metadata;
    if (namespace === NAMESPACE && name === NAME && kept.includes(kind)) queue.add(NAME);
  });
  queue.add(NAME);
  return { stop: () => queue.stop() };
}

const metadata = { namespace: NAMESPACE, name: NAME };
const familyOf = (address: string) => (address.includes(":") ? "IPv6" : "IPv4");

function serviceOf({ clusterIP, port }: ApiServerEndpoint) {
  const servicePort = { name: PORT_NAME, protocol: "TCP", port: SERVICE_PORT, targetPort: port } as const;
  return {
    metadata: { ...metadata, labels: LABELS },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: [familyOf(clusterIP)],
      ipFamilyPolicy: "SingleStack",
      ports: [servicePort],
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
    } satisfies Service["spec"],
  };
}

function sliceOf({ address, port }: ApiServerEndpoint) {
  return {
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": NAME } },
    addressType: familyOf(address),
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: PORT_NAME, protocol: "TCP", port }],
  } satisfies Partial<Omit<EndpointSlice, "metadata">> & { metadata: object };
}

function endpointsOf({ address, port }: ApiServerEndpoint) {
  return {
    metadata: { ...metadata, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: PORT_NAME, protocol: "TCP", port }] }],
  } satisfies Partial<Omit<Endpoints, "metadata">> & { metadata: object };
}
