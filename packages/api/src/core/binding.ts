/** Binding: the body of a Pod's `binding` subresource, by which a scheduler gives the Pod its node. */
import { field, type Infer, object, required } from "../schema/schema.ts";
import { objectReference } from "./event.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const bindingFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  target: field(2, required(objectReference), "The Node that the Pod is to run on."),
};
export interface Binding extends Infer<typeof bindingFields> {}
export const binding = object<Binding>("Binding", bindingFields, { doc: "Binding gives a Pod its Node." });
