/**
 * From the endpoints that there should be to the fewest writes of slices (KEP-752; upstream: k8s.io/endpointslice,
 * reconciler.go). For each set of ports:
 *
 *   1. in each slice, endpoints that are still wanted stay, changed where they have changed; the others leave
 *   2. slices that are written anyway are filled up, the fullest first
 *   3. the rest goes, as a whole, into the one untouched slice that it fills best, or into new slices
 *
 * A slice that would be made takes the place of one that would go. There is always one slice, if only an empty one.
 */
import { type Endpoint, type EndpointSlice, type EndpointSlicePort, jsonEqual } from "@podwire/api";
import { endpointKey, sameEndpoint } from "../service-endpoints/endpoint-key.ts";
import { portKey } from "../service-endpoints/port-key.ts";
import type { Desired, DesiredGroup } from "./desired.ts";

/** What a slice is to be. */
export interface SliceDraft {
  /** Absent: it is to be made. */
  readonly existing?: EndpointSlice;
  readonly ports: EndpointSlicePort[];
  readonly endpoints: Endpoint[];
}

export interface SlicePlan {
  readonly create: SliceDraft[];
  readonly update: (SliceDraft & { readonly existing: EndpointSlice })[];
  readonly delete: EndpointSlice[];
  readonly unchanged: EndpointSlice[];
}

export interface PlanOptions {
  /** Of the slices, all of them. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a slice is of this Service, and not of one that had its name. */
  readonly isOwn: (slice: EndpointSlice) => boolean;
  readonly endpointsPerSlice: number;
}

/** For one family: `existing` are its slices. The endpoints are taken out of `desired`. */
export function planSlices(
  existing: readonly EndpointSlice[],
  desired: Desired,
  options: PlanOptions,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [], unchanged: [] };
  const byPorts = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = portKey(slice.ports);
    if (!options.isOwn(slice)) plan.delete.push(slice);
    else byPorts.set(key, [...(byPorts.get(key) ?? []), slice]);
  }
  for (const [key, group] of desired) {
    planGroup(plan, byPorts.get(key) ?? [], group, options);
    byPorts.delete(key);
  }
  for (const slices of byPorts.values()) plan.delete.push(...slices);
  keepOne(plan, options);
  recycle(plan, options);
  return plan;
}

interface Packed {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
}

function planGroup(
  plan: SlicePlan,
  slices: readonly EndpointSlice[],
  group: DesiredGroup,
  options: PlanOptions,
) {
  const { ports, endpoints: wanted } = group;
  const { endpointsPerSlice: most } = options;
  const changed: Packed[] = [];
  const untouched: EndpointSlice[] = [];
  for (const slice of slices) {
    const { kept, isSame } = keepWanted(slice, wanted);
    if (isSame && jsonEqual(slice.metadata.labels, options.labels)) untouched.push(slice);
    else if (kept.length === 0 && !isSame) plan.delete.push(slice);
    else changed.push({ slice, endpoints: kept });
  }
  const fullestFirst = [...changed].sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const { endpoints } of fullestFirst) move(wanted, endpoints, most);
  while (wanted.size > 0) {
    const host = wanted.size < most ? bestHost(untouched, wanted.size, most) : undefined;
    const endpoints = [...(host?.endpoints ?? [])];
    move(wanted, endpoints, most);
    if (host === undefined) plan.create.push({ ports, endpoints });
    else {
      untouched.splice(untouched.indexOf(host), 1);
      changed.push({ slice: host, endpoints });
    }
  }
  plan.update.push(...changed.map(({ slice, endpoints }) => ({ existing: slice, ports, endpoints })));
  plan.unchanged.push(...untouched);
}

/** What the slice keeps is no longer wanted from others. */
function keepWanted(
  { endpoints = [] }: EndpointSlice,
  wanted: Map<string, Endpoint>,
): { kept: Endpoint[]; isSame: boolean } {
  const kept: Endpoint[] = [];
  let isSame = true;
  for (const endpoint of endpoints) {
    const key = endpointKey(endpoint);
    const now = wanted.get(key);
    if (now === undefined) isSame = false;
    else {
      kept.push(now);
      isSame &&= sameEndpoint(now, endpoint);
      wanted.delete(key);
    }
  }
  return { kept, isSame };
}

function move(from: Map<string, Endpoint>, to: Endpoint[], most: number): void {
  for (const [key, endpoint] of from) {
    if (to.length >= most) return;
    to.push(endpoint);
    from.delete(key);
  }
}

/** The slice that is nearest to full with so many more. */
function bestHost(slices: readonly EndpointSlice[], more: number, most: number): EndpointSlice | undefined {
  let best: EndpointSlice | undefined;
  let bestRoom = most;
  for (const slice of slices) {
    const room = most - more - (slice.endpoints?.length ?? 0);
    if (room >= 0 && room < bestRoom) [best, bestRoom] = [slice, room];
  }
  return best;
}

/** Whoever reads slices can tell a Service without endpoints from one that nobody has looked at. */
function keepOne(plan: SlicePlan, { labels, isOwn }: PlanOptions): void {
  const isNoneLeft = plan.create.length + plan.update.length + plan.unchanged.length === 0;
  if (!isNoneLeft) return;
  const [only] = plan.delete;
  const isEmpty = only && (only.endpoints ?? []).length === 0 && (only.ports ?? []).length === 0;
  if (plan.delete.length === 1 && isEmpty && isOwn(only) && jsonEqual(only.metadata.labels, labels)) {
    plan.unchanged.push(...plan.delete.splice(0));
  } else {
    plan.create.push({ ports: [], endpoints: [] });
  }
}

function recycle(plan: SlicePlan, { isOwn }: PlanOptions): void {
  const reusable = plan.delete.filter(isOwn);
  while (plan.create.length > 0 && reusable.length > 0) {
    const existing = reusable.shift()!;
    plan.delete.splice(plan.delete.indexOf(existing), 1);
    plan.update.push({ ...plan.create.pop()!, existing });
  }
}
