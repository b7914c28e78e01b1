/**
 * Who serves one port of a Service, as this node sees it (upstream: pkg/proxy/topology.go, CategorizeEndpoints).
 *
 *   serving   all that are ready or still serve: their flows go on
 *   cluster   for the traffic policy Cluster: the ready ones, of these those that hints are for this node or, failing
 *             that, its zone, where hints can be followed; those that terminate and still serve when none is ready
 *   local     for the traffic policy Local: the ready ones of this node, or those of it that terminate and still serve
 *
 * Hints are followed only where every ready endpoint has some and one of them is for this node, or zone (KEP-2433,
 * KEP-4444, KEP-3015): a node that is in no zone, or in one without endpoints, uses them all.
 */
import type { Backend } from "@podwire/tables";

export interface Endpoint {
  /** Interchangeable: the first is used. */
  readonly addresses: readonly string[];
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty: unknown. */
  readonly nodeName: string;
  /** Names of zones and nodes whose traffic it should get. */
  readonly forZones: readonly string[];
  readonly forNodes: readonly string[];
}

/** Where a node is. */
export interface Place {
  readonly node: string;
  /** Empty: in no zone. */
  readonly zone: string;
}

export interface ServingEndpoint {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
}

export interface Categories {
  readonly serving: readonly Backend[];
  readonly cluster: readonly Backend[];
  readonly local: readonly Backend[];
  /** Whether anybody, on any node, takes new flows. */
  readonly areAny: boolean;
}

export function categorize(endpoints: readonly ServingEndpoint[], place: Place): Categories {
  const ready = endpoints.filter(({ endpoint }) => endpoint.ready);
  const ending = endpoints.filter(({ endpoint }) => isEnding(endpoint));
  const near = ready.filter(nearby(ready, place));
  const isHere = ({ endpoint }: ServingEndpoint) => endpoint.nodeName === place.node;
  const localReady = ready.filter(isHere);
  return {
    serving: backendsOf(endpoints),
    cluster: backendsOf(near.length > 0 ? near : ending),
    local: backendsOf(localReady.length > 0 ? localReady : ending.filter(isHere)),
    areAny: ready.length + ending.length > 0,
  };
}

function isEnding({ ready, serving, terminating }: Endpoint): boolean {
  return !ready && serving && terminating;
}

function backendsOf(endpoints: readonly ServingEndpoint[]): Backend[] {
  return endpoints.map(({ backend }) => backend);
}

function nearby(
  ready: readonly ServingEndpoint[],
  { node, zone }: Place,
): (each: ServingEndpoint) => boolean {
  const isForNode = ({ endpoint }: ServingEndpoint) => endpoint.forNodes.includes(node);
  const isForZone = ({ endpoint }: ServingEndpoint) => endpoint.forZones.includes(zone);
  if (ready.every(({ endpoint }) => endpoint.forNodes.length > 0) && ready.some(isForNode)) return isForNode;
  if (ready.every(({ endpoint }) => endpoint.forZones.length > 0) && ready.some(isForZone)) return isForZone;
  return () => true;
}
