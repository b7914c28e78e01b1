/**
 * The kernel's side: Services as kube-proxy's nftables mode lays them out (upstream: pkg/proxy/nftables), in the namespace
 * of the client's host. A verdict map by address, protocol and port; a chain a Service, which draws one of its endpoints;
 * a chain an endpoint, which translates to it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Children } from "../children.ts";
import { PORT } from "../generator/contract.ts";
import { NFT_MS } from "../limits.ts";
import type { BenchService } from "./bench-service.ts";

/** Why nft cannot be used; null when it can. */
export async function nftMissing(children: Children): Promise<string | null> {
  try {
    await children.run({ name: "nft", command: ["nft", "--version"] }, NFT_MS);
    return null;
  } catch {
    return "nft is not installed or does not run; install the package nftables";
  }
}

/** Exactly these Services on the host of process `pid`. Returns the milliseconds that it took. */
export async function replaceKernelServices(
  children: Children,
  pid: number,
  services: readonly BenchService[],
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), `podwire-bench-${process.pid}-nft-`));
  try {
    const file = join(directory, "rules");
    writeFileSync(file, rulesOf(services));
    const start = performance.now();
    await children.run({ name: "nft", namespacePid: pid, command: ["nft", "-f", file] }, NFT_MS);
    return performance.now() - start;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What is outside of the client's pod network is masqueraded; traffic of pods is not. */
const POD_NETWORK = "10.245.0.0/16";

function rulesOf(services: readonly BenchService[]): string {
  const lines = [
    "add table ip kube-proxy",
    "delete table ip kube-proxy",
    "add table ip kube-proxy",
    "add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; }",
    "add chain ip kube-proxy mark-for-masquerade",
    "add rule ip kube-proxy mark-for-masquerade mark set mark or 0x4000",
    "add chain ip kube-proxy services",
    "add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips",
    "add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat ; }",
    "add rule ip kube-proxy nat-prerouting jump services",
    "add chain ip kube-proxy nat-output { type nat hook output priority -100 ; }",
    "add rule ip kube-proxy nat-output jump services",
    "add chain ip kube-proxy nat-postrouting { type nat hook postrouting priority srcnat ; }",
    "add rule ip kube-proxy nat-postrouting mark and 0x4000 != 0 masquerade",
  ];
  for (const service of services) lines.push(...serviceRules(service));
  return `${lines.join("\n")}\n`;
}

function serviceRules({ name, address, endpoints }: BenchService): string[] {
  const chain = `service-${name}`;
  const endpointChains = endpoints.map((_, at) => `endpoint-${name}-${at}`);
  const draws = endpointChains.map((each, at) => `${at} : goto ${each}`).join(", ");
  return [
    `add chain ip kube-proxy ${chain}`,
    ...endpoints.flatMap((endpoint, at) => [
      `add chain ip kube-proxy ${endpointChains[at]}`,
      `add rule ip kube-proxy ${endpointChains[at]} ip saddr ${endpoint} jump mark-for-masquerade`,
      `add rule ip kube-proxy ${endpointChains[at]} meta l4proto tcp dnat to ${endpoint}:${PORT}`,
    ]),
    `add rule ip kube-proxy ${chain} ip daddr ${address} tcp dport ${PORT} ip saddr != ${POD_NETWORK} jump mark-for-masquerade`,
    `add rule ip kube-proxy ${chain} numgen random mod ${endpoints.length} vmap { ${draws} }`,
    `add element ip kube-proxy service-ips { ${address} . tcp . ${PORT} : goto ${chain} }`,
  ];
}
