/**
 * The slow, obvious twin of the table of Services: from objects as the API server has them to what becomes of one client's
 * packet, by reading all of them for each question. Written after upstream's documentation, not after the compiler.
 */
import { contains, parseAddress, parseCidr } from "@podwire/tables";
import type { Endpoint, Place } from "../endpoints.ts";
import type { HostPort } from "../host-ports.ts";
import type { ServiceSource, SliceSource } from "../service-rows.ts";

export interface World {
  readonly services: ReadonlyMap<string, ServiceSource>;
  /** By the name of their Service. */
  readonly slices: ReadonlyMap<string, readonly SliceSource[]>;
  readonly hostPorts: ReadonlyMap<string, readonly HostPort[]>;
  readonly place: Place;
}

export interface Question {
  readonly isOutside: boolean;
  readonly source: string;
  /** `node`: one of this node's own addresses, of the source's family. */
  readonly destination: string | "node";
  readonly protocol: string;
  readonly port: number;
}

/**
 * What the table may answer, by who has the port ("namespace/name", or "Pod:namespace/name"): the first that claims it has it, so with
 * several claimants any one of the answers is right. "none" of nobody: no Service has the port.
 */
export function answersOf(world: World, question: Question): Map<string, string> {
  const answers = new Map<string, string>();
  for (const [name, service] of world.services) {
    const answer = answerOf(world, name, service, question);
    if (answer !== undefined) answers.set(name, answer);
  }
  for (const [pod, ports] of world.hostPorts) {
    for (const { hostIp, hostPort, protocol, containerPort, podIps } of ports) {
      if (hostPort !== question.port || protocol !== question.protocol) continue;
      if (hostIp === "" ? question.destination !== "node" : question.destination !== hostIp) continue;
      const podIp = podIps.find(address => isSameFamily(address, question.source));
      if (podIp !== undefined) answers.set(`Pod:${pod}`, `${podIp}:${containerPort}`);
    }
  }
  return answers;
}

function answerOf(
  world: World,
  name: string,
  service: ServiceSource,
  question: Question,
): string | undefined {
  const { destination, source } = question;
  const hasFamily = service.clusterIps.some(address => isSameFamily(address, source));
  if (!hasFamily) return undefined;
  const isClusterIp = service.clusterIps.includes(destination);
  const isBalancer = service.loadBalancerIps.includes(destination);
  const isExternalIp = service.externalIps.includes(destination);
  const port = service.ports.find(each => {
    if (each.protocol !== question.protocol) return false;
    if (destination === "node") return each.nodePort === question.port;
    return (isClusterIp || isBalancer || isExternalIp) && each.port === question.port;
  });
  if (port === undefined) return undefined;
  if (isBalancer) {
    const ranges = service.loadBalancerSourceRanges.filter(range => isSameFamily(range, source));
    const isWithin = (range: string) => contains(parseCidr(range)!, parseAddress(source)!);
    if (ranges.length > 0 && !ranges.some(isWithin)) return "denied";
  }
  const all = (world.slices.get(name) ?? []).flatMap(slice =>
    slice.ports
      .filter(each => each.name === port.name && each.protocol === port.protocol)
      .flatMap(({ port: number }) => slice.endpoints.map(endpoint => ({ endpoint, number })))
      .filter(({ endpoint }) => isSameFamily(endpoint.addresses[0]!, source)),
  );
  const text = ({ endpoint, number }: (typeof all)[number]) => `${endpoint.addresses[0]}:${number}`;
  // The same endpoint may be in two slices while it moves: if ready in one, it is ready.
  const readyTexts = new Set(all.filter(({ endpoint }) => endpoint.ready).map(text));
  const ready = firstOfEach(
    all.filter(({ endpoint }) => endpoint.ready),
    text,
  );
  const ending = firstOfEach(
    all.filter(each => each.endpoint.serving && !readyTexts.has(text(each))),
    text,
  ).filter(({ endpoint }) => endpoint.terminating);
  const isLocal = isClusterIp
    ? service.internalTrafficPolicyLocal
    : service.externalTrafficPolicyLocal && question.isOutside;
  const { node } = world.place;
  const isHere = ({ endpoint }: (typeof all)[number]) => endpoint.nodeName === node;
  const candidates = isLocal
    ? ready.filter(isHere)
    : ready.filter(each => isNear(each.endpoint, ready, world.place));
  const chosen = candidates.length > 0 ? candidates : isLocal ? ending.filter(isHere) : ending;
  if (chosen.length > 0) return chosen.map(text).sort().join(" ");
  return isLocal && ready.length + ending.length > 0 ? "elsewhere" : "refused";
}

function isNear(
  endpoint: Endpoint,
  ready: readonly { endpoint: Endpoint }[],
  { node, zone }: Place,
): boolean {
  const all = ready.map(each => each.endpoint);
  if (all.every(each => each.forNodes.length > 0) && all.some(each => each.forNodes.includes(node)))
    return endpoint.forNodes.includes(node);
  if (all.every(each => each.forZones.length > 0) && all.some(each => each.forZones.includes(zone)))
    return endpoint.forZones.includes(zone);
  return true;
}

function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return items.filter((item, index) => items.findIndex(other => keyOf(other) === keyOf(item)) === index);
}

function isSameFamily(one: string, other: string): boolean {
  return one.includes(":") === other.includes(":");
}
