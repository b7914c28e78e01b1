/** ServiceAccount: who a Pod is to the API server. */
import { bool, field, type Infer, list, object, required } from "../schema/schema.ts";
import { objectReference } from "./event.ts";
import { localObjectReference, namespacedMeta, typeMeta } from "./meta.ts";

const serviceAccountFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  secrets: field(2, list(objectReference, { key: "name" }), ""),
  imagePullSecrets: field(3, list(localObjectReference), ""),
  automountServiceAccountToken: field(4, bool, ""),
};
export interface ServiceAccount extends Infer<typeof serviceAccountFields> {}
export const serviceAccount = object<ServiceAccount>("ServiceAccount", serviceAccountFields);
