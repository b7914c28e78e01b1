/** What the benchmark asks for: Services of a cluster, and names beyond it that are kept or were never asked before. */
import { type EndpointSlice, kinds, type NewObject, type Service } from "@podwire/api";
import type { ApiClient } from "@podwire/client";

const NAMESPACE = "default";
const REQUESTS_AT_ONCE = 16;
const ENDPOINTS = 5;
const PORTS = [{ name: "http", port: 80, protocol: "TCP" as const }];

/** Nine in ten with an address of their own, the others headless. */
export async function makeServices(client: ApiClient, count: number): Promise<void> {
  let next = 0;
  const maker = async () => {
    for (let number = next++; number < count; number = next++) await makeService(client, number);
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, maker));
}

async function makeService(client: ApiClient, number: number): Promise<void> {
  const name = `service-${number}`;
  const isHeadless = number % 10 === 0;
  const spec = { ports: PORTS, ...(isHeadless ? { clusterIP: "None", clusterIPs: ["None"] } : {}) };
  await client.create(kinds.services, {
    metadata: { namespace: NAMESPACE, name },
    spec,
  } as NewObject<Service>);
  if (!isHeadless) return;
  const addresses = Array.from({ length: ENDPOINTS }, (_, i) => `10.244.${number % 250}.${i + 10}`);
  await client.create(kinds.endpointSlices, sliceOf(name, addresses));
}

export function sliceOf(service: string, addresses: readonly string[]): NewObject<EndpointSlice> {
  return {
    metadata: {
      namespace: NAMESPACE,
      name: `${service}-1`,
      labels: { "kubernetes.io/service-name": service } as never,
    },
    addressType: "IPv4",
    endpoints: addresses.map((address, i) => ({ addresses: [address], hostname: `host-${i}` })),
    ports: PORTS.map(({ name, protocol }) => ({ name, protocol, port: 8080 })),
  } as NewObject<EndpointSlice>;
}

/** As dnsperf reads them: of ten questions seven for a Service's address, one each for IPv6, for SRV, for nothing. */
export function clusterQuestions(services: number): string {
  const lines = Array.from({ length: 10 * services }, (_, i) => {
    const name = `service-${(i * 7) % services}.${NAMESPACE}.svc.cluster.local`;
    if (i % 10 === 7) return `${name} AAAA`;
    if (i % 10 === 8) return `_http._tcp.${name} SRV`;
    return i % 10 === 9 ? `nobody-${name} A` : `${name} A`;
  });
  return `${lines.join("\n")}\n`;
}

/** A hundred names that are asked for again and again. */
export function keptQuestions(): string {
  return Array.from({ length: 100 }, (_, i) => `kept-${i}.example A\n`).join("");
}

/** Names that nobody asked for before. */
export function freshQuestions(round: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `${round}-${i}.fresh.example A\n`).join("");
}
