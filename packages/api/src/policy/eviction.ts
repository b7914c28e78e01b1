/** Eviction: the polite way to delete a Pod, as its subresource `eviction`. */

import { deleteOptions, namespacedMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, object, required } from "../schema/schema.ts";

const evictionFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  deleteOptions: field(2, deleteOptions, ""),
};
export interface Eviction extends Infer<typeof evictionFields> {}
export const eviction = object<Eviction>("Eviction", evictionFields);
