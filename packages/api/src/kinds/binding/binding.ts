/** The entry for Binding: the older way to say which node a Pod gets, beside the Pod's own subresource. */
import { type Binding, binding } from "../../core/binding.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const bindingKind: Kind<Binding> = kindEntry<Binding>({
  kind: "Binding",
  plural: "bindings",
  verbs: ["create"],
  schema: binding,
});
