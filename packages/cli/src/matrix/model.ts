/**
 * The connectivity matrix: every pod to every other pod, TCP and UDP, IPv4 and IPv6. A path works when an answer
 * came; it is without NAT when the receiver saw one of the sender's own addresses.
 */

export const PROTOCOLS = ["TCP", "UDP"] as const;
export const FAMILIES = ["IPv4", "IPv6"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Family = (typeof FAMILIES)[number];

export interface MatrixPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** Where the probe runs: any container will do, they share their network. */
  readonly container: string;
  readonly addresses: readonly string[];
  /** Source addresses of its packets when nobody translates them. */
  readonly seenAs: readonly string[];
}

/** One way to one pod. */
export interface Target {
  readonly to: MatrixPod;
  readonly protocol: Protocol;
  readonly family: Family;
  readonly address: string;
}

/** What a pod found out about a target. */
export interface Probe {
  /** Absent when no answer came. */
  readonly roundTripMs?: number;
  /** The source address that the receiver saw. */
  readonly sourceSeen?: string;
  /** `TIMEOUT`, `REFUSED`, … */
  readonly error?: string;
}

export type Verdict = "works" | "nat" | "fails";

export interface MatrixPath extends Probe {
  readonly from: string;
  readonly to: string;
  readonly fromNode: string;
  readonly toNode: string;
  readonly protocol: Protocol;
  readonly family: Family;
  readonly address: string;
  readonly verdict: Verdict;
}

export function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}

/** Pods of the default namespace go by their name alone. */
export function podLabel(pod: Pick<MatrixPod, "namespace" | "name">): string {
  return pod.namespace === "default" ? pod.name : `${pod.namespace}/${pod.name}`;
}

/** Everything `from` has to try: each other pod at each of its addresses by each protocol. */
export function targetsOf(from: MatrixPod, pods: readonly MatrixPod[]): Target[] {
  return pods
    .filter(to => to !== from)
    .flatMap(to =>
      to.addresses.flatMap(address =>
        PROTOCOLS.map(protocol => ({ to, protocol, family: familyOf(address), address })),
      ),
    );
}

export function judge(from: MatrixPod, target: Target, probe: Probe): MatrixPath {
  const { to, ...way } = target;
  return {
    from: podLabel(from),
    to: podLabel(to),
    fromNode: from.node,
    toNode: to.node,
    ...way,
    ...probe,
    verdict: verdictOf(from, probe),
  };
}

function verdictOf(from: MatrixPod, probe: Probe): Verdict {
  if (probe.roundTripMs === undefined) return "fails";
  return probe.sourceSeen !== undefined && from.seenAs.includes(probe.sourceSeen) ? "works" : "nat";
}

/** A pod that the probe does not run in. */
export interface Unmeasured {
  readonly pod: string;
  readonly node: string;
  readonly reason: string;
}

export interface Matrix {
  readonly paths: readonly MatrixPath[];
  readonly unmeasured: readonly Unmeasured[];
  /** Pods between which paths were measured. */
  readonly measured: number;
  /** Pods that run; more than there are to measure when these are a sample. */
  readonly running: number;
}

export interface MatrixSummary {
  readonly paths: number;
  readonly works: number;
  readonly nat: number;
  readonly fails: number;
  /** Pods that were to be measured and could not. */
  readonly unmeasured: number;
}

export function summarize({ paths, unmeasured }: Matrix): MatrixSummary {
  const count = (verdict: Verdict) => paths.filter(path => path.verdict === verdict).length;
  return {
    paths: paths.length,
    works: count("works"),
    nat: count("nat"),
    fails: count("fails"),
    unmeasured: unmeasured.length,
  };
}

/** Every pod was measured, every path works, and no address is translated. */
export function isGood({ paths, works, unmeasured }: MatrixSummary): boolean {
  return works === paths && unmeasured === 0;
}
