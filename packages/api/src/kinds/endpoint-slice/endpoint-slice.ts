/** The entry for EndpointSlice. */
import { type EndpointSlice, endpointSlice } from "../../discovery/endpoint-slice.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const endpointSliceKind: Kind<EndpointSlice> = kindEntry<EndpointSlice>({
  kind: "EndpointSlice",
  group: "discovery.k8s.io",
  plural: "endpointslices",
  schema: endpointSlice,
  countsGenerations: true,
});
