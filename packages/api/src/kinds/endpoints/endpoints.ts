/** The entry for Endpoints. */
import { type Endpoints, endpoints } from "../../core/endpoints.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const endpointsKind: Kind<Endpoints> = kindEntry<Endpoints>({
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  schema: endpoints,
  singular: "endpoints",
  listKind: "EndpointsList",
});
