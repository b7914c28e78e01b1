/** Eviction: the polite way to delete a Pod, as its subresource `eviction`. */

import { deleteOptions, namespacedMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, object, required } from "../schema/schema.ts";

const evictionFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  deleteOptions: field(2, deleteOptions, "How the Pod is to be deleted."),
};
export interface Eviction extends Infer<typeof evictionFields> {}
export const eviction = object<Eviction>("Eviction", evictionFields, {
  doc: "Eviction asks a Pod to go, as politely as its budget wants it.",
});
