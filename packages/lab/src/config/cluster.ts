/**
 * lab.yaml -> LabConfig: the shape accepts each field, then the checks below accept them together (names,
 * families, overlaps, room), and what was left out gets its default. Every problem is reported, with its place.
 */
import { addressCount, overlaps, parseCidr, subnetCount } from "@podwire/wire/cidr";
import {
  FIRST_NODE_HOST,
  MAX_NODE_SUBNET_BITS,
  MAX_NODES,
  MIN_MTU_IPV6,
  MIN_POD_MTU_IPV4,
  MIN_SERVICE_ADDRESSES,
  OVERLAY_BYTES,
} from "../limits.ts";
import { type Checking, type NamedCidr, problem } from "./checking.ts";
import {
  CLUSTER,
  type ClusterFile,
  DEFAULTS,
  type Family,
  type NodeGroup,
  type StubDomainSpec,
  type TaintSpec,
} from "./cluster-shape.ts";
import { resolveOutside } from "./outside.ts";
import { type PoolConfig, resolvePools } from "./pools.ts";
import { ConfigError } from "./problem.ts";
import { readYaml } from "./read.ts";

export interface NodeConfig {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly TaintSpec[];
  readonly underlayMtu: number;
}

/** A lab as it will be made: everything decided, nothing left out. */
export interface LabConfig {
  readonly name: string;
  readonly nodes: readonly NodeConfig[];
  /** At most one a family, the primary family first. */
  readonly podCIDRs: readonly string[];
  /** In the order of podCIDRs, a CIDR each. */
  readonly serviceCIDRs: readonly string[];
  /** `30000-32767` */
  readonly nodePortRange: string;
  /** In the order of podCIDRs. */
  readonly nodeMaskSizes: readonly number[];
  /** At most one a family; the family of the overlay's outer addresses first. */
  readonly underlayCidrs: readonly string[];
  readonly underlayMtu: number;
  readonly vxlan: { readonly port: number; readonly vni: number };
  /** Of load balancers' addresses, tried in this order. */
  readonly pools: readonly PoolConfig[];
  readonly dns: {
    readonly clusterDomain: string;
    /** Undefined: those of the machine that the lab is on. */
    readonly upstreams: readonly string[] | undefined;
    readonly stubDomains: readonly StubDomainSpec[];
  };
  /** Names of hosts on the underlay that are no nodes. */
  readonly outside: readonly string[];
  /** Undefined: a free one is chosen when the lab is made. */
  readonly apiPort: number | undefined;
}

/** What a command line says beside the file. */
export interface LabOverrides {
  /** Comes before metadata.name. */
  readonly name?: string | undefined;
  /** For a file without a name. */
  readonly defaultName?: string | undefined;
  /** For a file without nodes: so many, called node-1 and so on. */
  readonly nodes?: number | undefined;
}

/** Throws ConfigError. `file` only names the source in messages. */
export function parseLabConfig(text: string, file: string, overrides: LabOverrides = {}): LabConfig {
  const reading = readYaml(text, file, CLUSTER);
  const checking: Checking = { file: { ...(reading.value as ClusterFile) }, reading, problems: [] };
  override(checking, overrides);
  const config = resolve(checking);
  if (checking.problems.length > 0) throw new ConfigError(file, checking.problems);
  return config;
}

/** The lab that `podwire up` makes without a lab.yaml. */
export function defaultLabConfig(name: string = DEFAULTS.name, nodes: number = DEFAULTS.nodes): LabConfig {
  return parseLabConfig("apiVersion: podwire.dev/v1alpha1\nkind: Cluster\n", "(built in)", { name, nodes });
}

function override(checking: Checking, { name, defaultName, nodes }: LabOverrides): void {
  const { file } = checking;
  const chosen = name ?? file.metadata?.name ?? defaultName;
  if (chosen !== undefined) file.metadata = { name: chosen };
  if (nodes === undefined) return;
  if (file.nodes) problem(checking, "nodes", `are listed here, so --nodes ${nodes} must be left out`);
  else file.nodes = [{ namePrefix: DEFAULTS.nodePrefix, count: nodes }];
}

function resolve(checking: Checking): LabConfig {
  const { file } = checking;
  const podCidrs = resolvePodCidrs(checking);
  const services = resolveServiceCidrs(checking, podCidrs);
  const underlay = resolveUnderlay(checking);
  const underlayMtu = file.underlay?.mtu ?? DEFAULTS.underlayMtu;
  checkOverlaps(checking, podCidrs, underlay);
  checkServiceOverlaps(checking, services, [...podCidrs, ...underlay]);
  const nodes = resolveNodes(checking, underlayMtu);
  const nodeMaskSizes = podCidrs.map(named => checkMaskSize(checking, named, nodes.length));
  checkUnderlayRoom(checking, underlay, nodes.length);
  checkMtus(checking, underlay[0]?.family ?? "IPv4", podCidrs, underlay);
  const pools = resolvePools(checking, { podCidrs, services, underlay, nodes: nodes.length });
  return {
    name: file.metadata?.name ?? DEFAULTS.name,
    nodes,
    podCIDRs: podCidrs.map(named => named.text),
    serviceCIDRs: services.map(named => named.text),
    nodePortRange: file.networking?.nodePortRange ?? DEFAULTS.nodePortRange,
    nodeMaskSizes,
    underlayCidrs: underlay.map(named => named.text),
    underlayMtu,
    vxlan: { port: file.vxlan?.port ?? DEFAULTS.vxlanPort, vni: file.vxlan?.vni ?? DEFAULTS.vni },
    pools,
    dns: {
      clusterDomain: file.dns?.clusterDomain ?? DEFAULTS.clusterDomain,
      upstreams: file.dns?.upstreams,
      stubDomains: file.dns?.stubDomains ?? [],
    },
    outside: resolveOutside(checking, nodes),
    apiPort: file.apiServer?.port,
  };
}

function namedCidr(field: string, text: string): NamedCidr {
  const cidr = parseCidr(text)!;
  return { field, text, cidr, family: `IPv${cidr.family}` };
}

function readCidrs(checking: Checking, field: string, texts: readonly string[]): NamedCidr[] {
  const cidrs = texts.map((text, index) => namedCidr(`${field}[${index}]`, text));
  if (cidrs.length === 2 && cidrs[0]!.family === cidrs[1]!.family) {
    problem(
      checking,
      cidrs[1]!.field,
      `is a second ${cidrs[1]!.family} CIDR, at most one a family is allowed`,
    );
  }
  return cidrs;
}

function resolvePodCidrs(checking: Checking): NamedCidr[] {
  const { networking = {} } = checking.file;
  const given = readCidrs(checking, "networking.podCIDRs", networking.podCIDRs ?? []);
  const givenFamilies = given.map(named => named.family);
  const families = networking.ipFamilies ?? (given.length > 0 ? givenFamilies : (["IPv4", "IPv6"] as const));
  if (networking.ipFamilies?.length === 2 && families[0] === families[1]) {
    problem(checking, "networking.ipFamilies[1]", `${families[1]} is there twice, a family is allowed once`);
  }
  for (const named of given) {
    if (families.includes(named.family)) continue;
    const allowed = families.join(" and ");
    problem(checking, named.field, `is ${named.family}, networking.ipFamilies allows only ${allowed}`);
  }
  return families.map(family => {
    const text = DEFAULTS.podCIDRs[family];
    const found = given.find(named => named.family === family);
    return found ?? namedCidr("networking.podCIDRs", text);
  });
}

/** One for each family of Pods, in their order. */
function resolveServiceCidrs(checking: Checking, pods: readonly NamedCidr[]): NamedCidr[] {
  const field = "networking.serviceCIDRs";
  const given = readCidrs(checking, field, checking.file.networking?.serviceCIDRs ?? []);
  for (const named of given) {
    const { cidr, text, family } = named;
    if (!pods.some(pod => pod.family === family)) {
      const allowed = pods.map(pod => pod.family).join(" and ");
      problem(checking, named.field, `is ${family}, Pods have only ${allowed} addresses`);
    }
    if (addressCount(cidr) < MIN_SERVICE_ADDRESSES) {
      const room = `has ${addressCount(cidr)} addresses, must have at least ${MIN_SERVICE_ADDRESSES}`;
      problem(checking, named.field, `${text} ${room}`);
    }
  }
  return pods.map(({ family }) => {
    const found = given.find(named => named.family === family);
    return found ?? namedCidr(field, DEFAULTS.serviceCIDRs[family]);
  });
}

function checkServiceOverlaps(
  checking: Checking,
  services: readonly NamedCidr[],
  others: readonly NamedCidr[],
): void {
  for (const service of services) {
    for (const other of others) {
      if (!overlaps(service.cidr, other.cidr)) continue;
      const against = other.field.replace(/\[\d\]$/, "");
      // The one that is written down is the one to change.
      const [at, name] = checking.file.networking?.serviceCIDRs
        ? [service, `${other.text} (${against})`]
        : [other, `${service.text} (networking.serviceCIDRs)`];
      problem(
        checking,
        at.field,
        `${at.text} overlaps ${name}, Services must not share addresses with Pods or the underlay`,
      );
    }
  }
}

/** The underlay's CIDRs, the family of the overlay's outer addresses first. */
function resolveUnderlay(checking: Checking): NamedCidr[] {
  const { underlay = {} } = checking.file;
  const defaults = [DEFAULTS.underlayCidrs.IPv4, DEFAULTS.underlayCidrs.IPv6];
  const cidrs = readCidrs(checking, "underlay.cidrs", underlay.cidrs ?? defaults);
  const family = underlay.vxlanFamily;
  if (!family) return cidrs;
  if (!cidrs.some(named => named.family === family)) {
    problem(
      checking,
      "underlay.vxlanFamily",
      `is ${family}, underlay.cidrs must then have an ${family} CIDR`,
    );
  }
  return cidrs.sort((a, b) => Number(b.family === family) - Number(a.family === family));
}

function checkOverlaps(checking: Checking, pods: NamedCidr[], underlay: NamedCidr[]): void {
  for (const pod of pods) {
    for (const other of underlay) {
      if (!overlaps(pod.cidr, other.cidr)) continue;
      // The one that is written down is the one to change.
      const written = checking.file.networking?.podCIDRs || !checking.file.underlay?.cidrs;
      const [at, against] = written ? [pod, other] : [other, pod];
      problem(
        checking,
        at.field,
        `${at.text} overlaps ${against.text} (${against.field.replace(/\[\d\]$/, "")}), Pods and underlay must not share addresses`,
      );
    }
  }
}

function checkMaskSize(checking: Checking, { family, cidr }: NamedCidr, nodes: number): number {
  const { prefixLength } = cidr;
  const field = `networking.nodeMaskSizes.${family}`;
  const size = checking.file.networking?.nodeMaskSizes?.[family] ?? DEFAULTS.nodeMaskSizes[family];
  const room = size >= prefixLength ? subnetCount(cidr, size) : 0;
  if (room < nodes) {
    const least = prefixLength + Math.ceil(Math.log2(nodes));
    problem(
      checking,
      field,
      `/${size} makes ${room} node CIDRs of a /${prefixLength} for ${nodes} nodes, must be at least ${least}`,
    );
  }
  const most = prefixLength + MAX_NODE_SUBNET_BITS;
  if (size > most) problem(checking, field, `is /${size} of a /${prefixLength}, must be at most ${most}`);
  return size;
}

function checkUnderlayRoom(checking: Checking, underlay: NamedCidr[], nodes: number): void {
  const needed = FIRST_NODE_HOST + nodes + 1;
  for (const { cidr, text, field } of underlay) {
    if (addressCount(cidr) >= needed) continue;
    problem(
      checking,
      field,
      `${text} has ${addressCount(cidr)} addresses, must have at least ${needed} for ${nodes} nodes`,
    );
  }
}

function resolveNodes(checking: Checking, underlayMtu: number): NodeConfig[] {
  const groups: NodeGroup[] = checking.file.nodes ?? [
    { namePrefix: DEFAULTS.nodePrefix, count: DEFAULTS.nodes },
  ];
  const nodes: NodeConfig[] = [];
  const firstField = new Map<string, string>();
  groups.forEach((group, index) => {
    const field = group.name === undefined ? `nodes[${index}].namePrefix` : `nodes[${index}].name`;
    for (const name of groupNames(checking, group, field)) {
      const before = firstField.get(name);
      if (before)
        problem(checking, field, `"${name}" is already the name of a node of ${before}, names must differ`);
      firstField.set(name, field);
      nodes.push({
        name,
        labels: group.labels ?? {},
        taints: group.taints ?? [],
        underlayMtu: group.underlayMtu ?? underlayMtu,
      });
    }
  });
  if (nodes.length > MAX_NODES) {
    problem(checking, "nodes", `makes ${nodes.length} nodes, at most ${MAX_NODES} are allowed`);
  }
  return nodes;
}

function groupNames(checking: Checking, group: NodeGroup, field: string): string[] {
  if (group.name !== undefined) return [group.name];
  const names = Array.from({ length: group.count! }, (_, index) => `${group.namePrefix}${index + 1}`);
  const longest = names.at(-1)!;
  if (longest.length > 63)
    problem(checking, field, `makes the name "${longest}", at most 63 characters are allowed`);
  return names;
}

/** Inside and outside of the overlay, every family in use needs its smallest MTU. */
function checkMtus(checking: Checking, outer: Family, pods: NamedCidr[], underlay: NamedCidr[]): void {
  const podMinimum = pods.some(named => named.family === "IPv6") ? MIN_MTU_IPV6 : MIN_POD_MTU_IPV4;
  const least = Math.max(
    podMinimum + OVERLAY_BYTES[outer],
    underlay.some(named => named.family === "IPv6") ? MIN_MTU_IPV6 : 0,
  );
  const reason = `must be at least ${least}: ${OVERLAY_BYTES[outer]} bytes of overlay over ${outer} and ${podMinimum} for Pods`;
  const mtu = checking.file.underlay?.mtu;
  if (mtu !== undefined && mtu < least) problem(checking, "underlay.mtu", `is ${mtu}, ${reason}`);
  checking.file.nodes?.forEach((group, index) => {
    if (group.underlayMtu === undefined || group.underlayMtu >= least) return;
    problem(checking, `nodes[${index}].underlayMtu`, `is ${group.underlayMtu}, ${reason}`);
  });
}
