/** Hints on the endpoints of a plan: a slice that is not written otherwise is written when one of its hints is another now. */
import { type Endpoint, type EndpointHints, type EndpointSlice, jsonEqual } from "@podwire/api";
import type { SlicePlan } from "../plan.ts";

export type HintsOf = (endpoint: Endpoint) => EndpointHints | undefined;

export const noHints: HintsOf = () => undefined;

/** Endpoints are shared with the cache, so they are copied and not changed. */
export function withHints(plan: SlicePlan, hintsOf: HintsOf): SlicePlan {
  const hinted = (endpoints: readonly Endpoint[]) =>
    endpoints.map(each => hintedEndpoint(each, hintsOf(each)));
  const isRight = ({ endpoints = [] }: EndpointSlice) =>
    endpoints.every(each => jsonEqual(each.hints, hintsOf(each)));
  return {
    create: plan.create.map(draft => ({ ...draft, endpoints: hinted(draft.endpoints) })),
    update: [...plan.update, ...plan.unchanged.filter(slice => !isRight(slice)).map(draftOf)].map(draft => ({
      ...draft,
      endpoints: hinted(draft.endpoints),
    })),
    delete: plan.delete,
    unchanged: plan.unchanged.filter(isRight),
  };
}

/** To be written with other hints only. */
export function draftOf(slice: EndpointSlice): SlicePlan["update"][number] {
  return { existing: slice, ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] };
}

export function hintedEndpoint(endpoint: Endpoint, hints: EndpointHints | undefined): Endpoint {
  const { hints: _, ...rest } = endpoint;
  return hints === undefined ? rest : { ...rest, hints };
}

export function isReadyEndpoint({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}
