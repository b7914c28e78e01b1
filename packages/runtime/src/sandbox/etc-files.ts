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

const HOST_NETWORK_HEADER = "# Kubernetes-managed hosts file (host network).\n";

/** What the kernel allows, __NEW_UTS_LEN. */
const MAX_KERNEL_HOSTNAME = 64;

/** A host name is at most 63 bytes; a Pod's name may be longer. */
export function podHostname(pod: Pod, nodeName: string): string {
  if (pod.spec.hostNetwork) return nodeName;
  return (pod.spec.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, "");
}

/** The domain of a Pod with a subdomain: that of the headless Service of this name. */
function podDomain(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec;
  return subdomain && `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
}

/** What the kernel shows as the Pod's name; with setHostnameAsFQDN with its domain. Throws when that is too long. */
export function kernelHostname(pod: Pod, nodeName: string, clusterDomain: string): string {
  const hostname = podHostname(pod, nodeName);
  const domain = podDomain(pod, clusterDomain);
  if (!pod.spec.setHostnameAsFQDN || !domain || pod.spec.hostNetwork) return hostname;
  const qualified = `${hostname}.${domain}`;
  if (qualified.length <= MAX_KERNEL_HOSTNAME) return qualified;
  throw new Error(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${qualified} is too long ` +
      `(${MAX_KERNEL_HOSTNAME} characters is the max, ${qualified.length} characters requested)`,
  );
}

/** `nodeHosts` is the node's own file, which a Pod on its network gets. */
export function hostsFile(
  pod: Pod,
  podIPs: readonly string[],
  hostname: string,
  clusterDomain: string,
  nodeHosts: () => string,
): string {
  const { hostAliases } = pod.spec;
  const domain = podDomain(pod, clusterDomain);
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname;
  const own = podIPs.map(address => `${address}\t${names}\n`).join("");
  const aliases = (hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}\n`);
  const added = aliases.length > 0 ? `\n# Entries added by HostAliases.\n${aliases.join("")}` : "";
  if (pod.spec.hostNetwork) return HOST_NETWORK_HEADER + nodeHosts() + added;
  return LOOPBACK_HOSTS + own + added;
}

/** Where the files of a pod lie. */
function etcFolder(podDir: string): string {
  return join(podDir, "etc");
}

export function writeEtcFiles(podDir: string, files: EtcFiles): void {
  const folder = etcFolder(podDir);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
