/** What a Pod asks of its node: resources and host ports; pure (upstream: noderesources/fit.go, nodeports). */
import { type Container, type Node, type Pod, quantityNanos } from "@podwire/api";
import { LIMITS } from "../limits.ts";

export type Requests = ReadonlyMap<string, bigint>;

/** Pods do not change what they request; what was read once is kept with them. */
const known = new WeakMap<Pod, Requests>();

/** Per resource: what containers and sidecars need together, or what initialization needs at its peak if more. */
function requestsOf(pod: Pod): Requests {
  const before = known.get(pod);
  if (before !== undefined) return before;
  const { containers, initContainers = [], overhead = {}, resources } = pod.spec;
  const running = new Map<string, bigint>();
  for (const container of containers) add(running, amountsOf(container));
  const sidecars = new Map<string, bigint>();
  const peak = new Map<string, bigint>();
  for (const container of initContainers) {
    const amounts = amountsOf(container);
    if (container.restartPolicy === "Always") add(sidecars, amounts);
    else for (const [name, amount] of amounts) raise(peak, name, amount + (sidecars.get(name) ?? 0n));
  }
  add(running, sidecars);
  for (const [name, amount] of peak) raise(running, name, amount);
  // Said for the whole Pod, it is what counts.
  for (const [name, amount] of amountsOf({ resources })) running.set(name, amount);
  add(running, amountsOf({ resources: { requests: overhead } }));
  known.set(pod, running);
  return running;
}

function amountsOf({ resources }: Pick<Container, "resources">): Map<string, bigint> {
  return new Map(
    Object.entries(resources?.requests ?? {}).map(([name, text]) => [name, quantityNanos(text) ?? 0n]),
  );
}

function add(sum: Map<string, bigint>, amounts: Requests): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0n) + amount);
}

function raise(sum: Map<string, bigint>, name: string, amount: bigint): void {
  if (amount > (sum.get(name) ?? 0n)) sum.set(name, amount);
}

/** A node that does not say how much of these it has, has enough: nodes of a lab share one machine. */
const PLENTIFUL = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Why not, in upstream's words: `Too many pods`, `Insufficient cpu`. */
export function shortages(pod: Pod, { status }: Node, placed: readonly Pod[]): string[] {
  const reasons: string[] = [];
  const pods = status.allocatable?.pods ?? status.capacity?.pods;
  const most = pods === undefined ? LIMITS.podsPerNode : Number((quantityNanos(pods) ?? 0n) / NANOS);
  if (placed.length >= most) reasons.push("Too many pods");
  for (const [name, amount] of requestsOf(pod)) {
    const text = status.allocatable?.[name] ?? status.capacity?.[name];
    if (amount === 0n || (text === undefined && PLENTIFUL.has(name))) continue;
    const used = placed.reduce((sum, each) => sum + (requestsOf(each).get(name) ?? 0n), 0n);
    if (used + amount > (quantityNanos(text ?? "0") ?? 0n)) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}

const NANOS = 10n ** 9n;

interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly ip: string;
}

const ANY = new Set(["", "0.0.0.0", "::"]);

function hostPorts({ spec }: Pod): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(each => each.restartPolicy === "Always");
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostPort, protocol = "TCP", hostIP = "" }) => ({ port: hostPort!, protocol, ip: hostIP })),
  );
}

export function portsAreFree(pod: Pod, placed: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return true;
  const taken = placed.flatMap(hostPorts);
  return !wanted.some(each => taken.some(other => clash(each, other)));
}

function clash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || ANY.has(a.ip) || ANY.has(b.ip);
}
