/** A pod's /etc/resolv.conf by its dnsPolicy and dnsConfig, as pkg/kubelet/network/dns upstream writes it. */
import type { Pod, PodDNSConfig } from "@podwire/api";

/** As upstream: what resolvers take, and where glibc would abort. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;
const MAX_SEARCH_LENGTH = 253;

export interface DnsSurroundings {
  /** Empty: there is none, and ClusterFirst means what Default means. */
  clusterDns: readonly string[];
  clusterDomain: string;
  /** Text of the node's own file. */
  host: string;
}

interface Settings {
  nameservers: string[];
  searches: string[];
  options: string[];
}

/** The file, and in upstream's words what of it had to be left out. */
export function podResolvConf(pod: Pod, around: DnsSurroundings): { text: string; problems: string[] } {
  const base = baseSettings(pod, around);
  const problems: string[] = [];
  const settings = pod.spec.dnsConfig ? merged(base, pod.spec.dnsConfig) : base;
  const nameservers = settings.nameservers.slice(0, MAX_NAMESERVERS);
  if (nameservers.length < settings.nameservers.length) {
    problems.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${nameservers.join(" ")}`,
    );
  }
  const searches = fitting(settings.searches);
  if (searches.length < settings.searches.length) {
    problems.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(" ")}`,
    );
  }
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(" ")}`] : []),
    ...nameservers.map(address => `nameserver ${address}`),
    ...(settings.options.length > 0 ? [`options ${settings.options.join(" ")}`] : []),
  ];
  return { text: lines.map(line => `${line}\n`).join(""), problems };
}

function baseSettings(pod: Pod, { clusterDns, clusterDomain, host }: DnsSurroundings): Settings {
  const { dnsPolicy = "ClusterFirst", hostNetwork } = pod.spec;
  if (dnsPolicy === "None") return { nameservers: [], searches: [], options: [] };
  const ofHost = parse(host);
  const isCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!isCluster || clusterDns.length === 0) return ofHost;
  const own = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    nameservers: [...clusterDns],
    searches: unique([...own, ...ofHost.searches]),
    options: ["ndots:5"],
  };
}

/** Of several `search` lines the last counts; options add up, the last of a name counts. */
function parse(text: string): Settings {
  const settings: Settings = { nameservers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && words[0]) settings.nameservers.push(words[0]);
    if (keyword === "search") {
      settings.searches = words.filter(word => word !== ".").map(word => word.replace(/\.$/, ""));
    }
    if (keyword === "options") settings.options = mergedOptions(settings.options, words);
  }
  return settings;
}

function merged(base: Settings, { nameservers = [], searches = [], options = [] }: PodDNSConfig): Settings {
  const more = options.map(({ name = "", value }) => (value ? `${name}:${value}` : name));
  return {
    nameservers: unique([...base.nameservers, ...nameservers]),
    searches: unique([...base.searches, ...searches]),
    options: mergedOptions(base.options, more),
  };
}

function mergedOptions(options: readonly string[], more: readonly string[]): string[] {
  const byName = new Map([...options, ...more].map(option => [option.split(":")[0]!, option]));
  return [...byName.values()];
}

function fitting(searches: readonly string[]): string[] {
  const kept = searches.slice(0, MAX_SEARCHES).filter(search => search.length <= MAX_SEARCH_LENGTH);
  while (kept.join(" ").length > MAX_SEARCH_CHARACTERS) kept.pop();
  return kept;
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
