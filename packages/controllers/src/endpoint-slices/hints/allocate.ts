/**
 * Topology hints (KEP-2433; upstream: k8s.io/endpointslice, topologycache): each zone gets endpoints by its part of the
 * CPU, so that none of them is overloaded when every client stays in its zone.
 *
 *   endpoints of a zone that has too many serve one that has too few
 *
 * Slices that are not written anyway keep their hints while these fit; hints that would be unsafe are not given at all.
 */
import type { Endpoint, EndpointSlice } from "@podwire/api";
import type { SlicePlan } from "../plan.ts";
import { draftOf, hintedEndpoint, isReadyEndpoint } from "./apply.ts";
import type { ZoneRatios } from "./zones.ts";

/** How much more than its share an endpoint may get. */
const OVERLOAD = 0.2;

const WHY_NOT = {
  nodes: "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
  few: "Insufficient number of endpoints",
  overload: "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold",
  zoneless: "One or more endpoints do not have a zone specified",
  none: "No hints allocated for zones",
} as const;

/** Endpoints by the zone whose clients they serve. */
export type Hinted = ReadonlyMap<string, number>;

export type Outcome = { readonly plan: SlicePlan; readonly hinted: Hinted } | { readonly why: string };

interface Share {
  readonly least: number;
  readonly most: number;
  readonly desired: number;
}

export function allocateHints(plan: SlicePlan, ratios: ZoneRatios | undefined): Outcome {
  if (ratios === undefined) return { why: WHY_NOT.nodes };
  const endpoints = [...plan.create, ...plan.update, ...plan.unchanged].flatMap(each => each.endpoints ?? []);
  const ready = endpoints.filter(isReadyEndpoint);
  const shares = sharesOf(ratios, ready.length);
  if (typeof shares === "string") return { why: shares };
  const hinted = new Map<string, number>();
  const { fitting, others } = sort(plan.unchanged, shares, hinted);
  const update = [...plan.update, ...others.map(draftOf)];
  const written = [...plan.create, ...update].flatMap(each => each.endpoints).filter(isReadyEndpoint);
  if (written.some(({ zone }) => !zone)) return { why: WHY_NOT.zoneless };
  for (const { zone } of written) add(hinted, zone!, 1);
  const moved = redistribute(written, ...givingAndTaking(shares, hinted), hinted);
  if (hinted.size === 0) return { why: WHY_NOT.none };
  const withZone = (endpoint: Endpoint) => {
    if (!isReadyEndpoint(endpoint)) return hintedEndpoint(endpoint, undefined);
    return hintedEndpoint(endpoint, { forZones: [{ name: moved.get(endpoint) ?? endpoint.zone! }] });
  };
  return {
    hinted,
    plan: {
      create: plan.create.map(draft => ({ ...draft, endpoints: draft.endpoints.map(withZone) })),
      update: update.map(draft => ({ ...draft, endpoints: draft.endpoints.map(withZone) })),
      delete: plan.delete,
      unchanged: fitting,
    },
  };
}

/** Whether a zone has too few endpoints for its clients. */
export function isOverloaded(hinted: Hinted, ratios: ZoneRatios | undefined): boolean {
  if (hinted.size === 0) return false;
  if (ratios === undefined) return true;
  const total = [...hinted.values()].reduce((sum, each) => sum + each, 0);
  return [...ratios].some(([zone, ratio]) => (hinted.get(zone) ?? -1) < leastOf(total * ratio));
}

function leastOf(desired: number): number {
  return Math.ceil(desired * (1 / (1 + OVERLOAD)));
}

/** A text: why there are none. */
function sharesOf(ratios: ZoneRatios, endpoints: number): Map<string, Share> | string {
  const sizes = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `${WHY_NOT.few} ${sizes}`;
  const least = new Map([...ratios].map(([zone, ratio]) => [zone, leastOf(ratio * endpoints)]));
  const free = endpoints - [...least.values()].reduce((sum, each) => sum + each, 0);
  if (free < 0) return `${WHY_NOT.overload} ${sizes}`;
  return new Map(
    [...least].map(([zone, minimum]) => {
      const desired = Math.max(ratios.get(zone)! * endpoints, minimum);
      return [zone, { least: minimum, most: minimum + free, desired }];
    }),
  );
}

/** Slices whose hints may stay, which are counted, and those whose may not. */
function sort(
  slices: readonly EndpointSlice[],
  shares: ReadonlyMap<string, Share>,
  hinted: Map<string, number>,
): { fitting: EndpointSlice[]; others: EndpointSlice[] } {
  const fitting: EndpointSlice[] = [];
  const others: EndpointSlice[] = [];
  for (const slice of slices) {
    const zones = zonesHinted(slice);
    const fits =
      zones !== undefined &&
      [...zones].every(([zone, count]) => (hinted.get(zone) ?? 0) + count <= (shares.get(zone)?.most ?? -1));
    (fits ? fitting : others).push(slice);
    if (fits) for (const [zone, count] of zones) add(hinted, zone, count);
  }
  return { fitting, others };
}

/** Undefined: a ready endpoint has no hint. */
function zonesHinted({ endpoints = [] }: EndpointSlice): Map<string, number> | undefined {
  const zones = new Map<string, number>();
  for (const endpoint of endpoints.filter(isReadyEndpoint)) {
    const names = endpoint.hints?.forZones ?? [];
    if (names.length === 0) return undefined;
    for (const { name } of names) add(zones, name, 1);
  }
  return zones;
}

/** How many endpoints each zone gives to others, and gets from them. */
function givingAndTaking(
  shares: ReadonlyMap<string, Share>,
  hinted: Hinted,
): [giving: Map<string, number>, taking: Map<string, number>] {
  const over = new Map<string, number>();
  const under = new Map<string, number>();
  for (const [zone, { desired }] of shares) {
    const difference = (hinted.get(zone) ?? 0) - desired;
    if (difference > 0) over.set(zone, difference);
    else if (difference < 0) under.set(zone, -difference);
  }
  const giving = new Map<string, number>();
  const taking = new Map<string, number>();
  for (;;) {
    const [from, many] = largest(over);
    const [to, few] = largest(under);
    // Half an endpoint more or less is no reason to send clients to another zone.
    if (from === undefined || to === undefined || (many < 1 && few < 1) || many < 0.5 || few < 0.5) break;
    add(giving, from, 1);
    add(over, from, -1);
    add(taking, to, 1);
    add(under, to, -1);
  }
  return [giving, taking];
}

function largest(numbers: ReadonlyMap<string, number>): [zone: string | undefined, number: number] {
  let best: [string | undefined, number] = [undefined, 0];
  for (const [zone, number] of numbers) if (number > best[1]) best = [zone, number];
  return best;
}

/** The endpoints that serve another zone than their own, with that zone. */
function redistribute(
  endpoints: readonly Endpoint[],
  giving: Map<string, number>,
  taking: Map<string, number>,
  hinted: Map<string, number>,
): Map<Endpoint, string> {
  const moved = new Map<Endpoint, string>();
  for (const endpoint of endpoints) {
    const from = endpoint.zone!;
    if ((giving.get(from) ?? 0) === 0) continue;
    const to = [...taking].find(([, count]) => count > 0)?.[0];
    if (to === undefined) break;
    moved.set(endpoint, to);
    add(giving, from, -1);
    add(taking, to, -1);
    add(hinted, from, -1);
    add(hinted, to, 1);
  }
  return moved;
}

function add(numbers: Map<string, number>, at: string, more: number): void {
  numbers.set(at, (numbers.get(at) ?? 0) + more);
}
