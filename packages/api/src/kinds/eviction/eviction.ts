/** The entry for Eviction: the body of a Pod's `eviction` subresource. */
import { type Eviction, eviction } from "../../policy/eviction.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const evictionKind: Kind<Eviction> = kindEntry<Eviction>({
  kind: "Eviction",
  group: "policy",
  plural: "evictions",
  verbs: ["create"],
  schema: eviction,
});
