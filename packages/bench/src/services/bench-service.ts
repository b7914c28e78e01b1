/** The Services of the benchmark: one that traffic goes to, and many beside it of five endpoints each. */
import { type EndpointSlice, kinds, type NewObject, type Service } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { PORT } from "../generator/contract.ts";

export const ENDPOINTS = 5;
const NAMESPACE = "default";
/** Requests under way at once. */
const REQUESTS = 32;

export interface BenchService {
  readonly name: string;
  readonly address: string;
  readonly endpoints: readonly string[];
  readonly protocols: readonly ("TCP" | "UDP")[];
}

/** Service `index` of many; its endpoints are nobody's. */
export function idleService(index: number, network: string): BenchService {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, at) => {
    const number = index * ENDPOINTS + at;
    return `10.230.${(number >> 8) & 255}.${number & 255}`;
  });
  const address = `${network}.${16 + (index >> 8)}.${index & 255}`;
  return { name: `idle-${index}`, address, endpoints, protocols: ["TCP"] };
}

/** Creates Services and their slices, which then change no more by themselves: they have no selector. */
export async function createServices(
  client: ApiClient,
  services: readonly BenchService[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  const creator = async () => {
    for (let at = next++; at < services.length; at = next++) {
      signal?.throwIfAborted();
      await client.create(kinds.services, serviceOf(services[at]!));
      await client.create(kinds.endpointSlices, sliceOf(services[at]!));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, creator));
}

/** Gives a Service's slice other endpoints. */
export async function changeEndpoints(client: ApiClient, service: BenchService): Promise<void> {
  const key = { namespace: NAMESPACE, name: sliceOf(service).metadata.name! };
  const stored = await client.get(kinds.endpointSlices, key);
  await client.update(kinds.endpointSlices, { ...stored, endpoints: sliceOf(service).endpoints! });
}

function serviceOf({ name, address, protocols }: BenchService): NewObject<Service> {
  const ports = protocols.map(protocol => ({ name: protocol.toLowerCase(), protocol, port: PORT }));
  return { metadata: { name, namespace: NAMESPACE }, spec: { clusterIP: address, ports } };
}

function sliceOf({ name, endpoints, protocols }: BenchService): NewObject<EndpointSlice> {
  return {
    metadata: { name: `${name}-1`, namespace: NAMESPACE, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: endpoints.map(address => ({ addresses: [address], conditions: { ready: true } })),
    ports: protocols.map(protocol => ({ name: protocol.toLowerCase(), protocol, port: PORT })),
  };
}
