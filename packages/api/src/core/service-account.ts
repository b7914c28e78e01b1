/** ServiceAccount: who a Pod is to the API server. */
import { bool, field, type Infer, list, object, required } from "../schema/schema.ts";
import { objectReference } from "./event.ts";
import { localObjectReference, namespacedMeta, typeMeta } from "./meta.ts";

const serviceAccountFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  secrets: field(2, list(objectReference, { key: "name" }), "Secrets that Pods of this account may use."),
  imagePullSecrets: field(
    3,
    list(localObjectReference),
    "Secrets for registries, given to Pods of this account that name none.",
  ),
  automountServiceAccountToken: field(
    4,
    bool,
    "Whether its Pods get a token mounted; a Pod may say otherwise.",
  ),
};
export interface ServiceAccount extends Infer<typeof serviceAccountFields> {}
export const serviceAccount = object<ServiceAccount>("ServiceAccount", serviceAccountFields, {
  doc: "ServiceAccount is the identity of what runs in Pods.",
});
