/** A pod's own /etc/hosts, /etc/hostname and /etc/resolv.conf, as the kubelet writes them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "@podwire/api";

export interface EtcFiles {
  hosts: string;
  hostname: string;
  "resolv.conf": string;
}

const LOOPBACK_HOSTS = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** A host name is at most 63 bytes; a Pod's name may be longer. */
export function podHostname(pod: Pod, nodeName: string): string {
  if (pod.spec.hostNetwork) return nodeName;
  return (pod.spec.hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, "");
}

export function hostsFile(pod: Pod, podIPs: readonly string[], hostname: string): string {
  const { subdomain, hostAliases } = pod.spec;
  const names = subdomain
    ? `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local\t${hostname}`
    : hostname;
  const own = podIPs.map(address => `${address}\t${names}\n`).join("");
  const aliases = (hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}\n`);
  const added = aliases.length > 0 ? `\n# Entries added by HostAliases.\n${aliases.join("")}` : "";
  return LOOPBACK_HOSTS + own + added;
}

/** Where the files of a pod lie. */
export function etcFolder(podDir: string): string {
  return join(podDir, "etc");
}

export function writeEtcFiles(podDir: string, files: EtcFiles): void {
  const folder = etcFolder(podDir);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
