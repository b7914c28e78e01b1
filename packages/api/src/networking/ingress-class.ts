/** IngressClass: which controller serves an Ingress. */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { defaulted, enumOf, field, type Infer, object, required, string } from "../schema/schema.ts";

const ingressClassParametersReferenceFields = {
  apiGroup: field(1, string, ""),
  kind: field(2, required(string), ""),
  name: field(3, required(string), ""),
  scope: field(4, defaulted(enumOf("Cluster", "Namespace"), "Cluster"), ""),
  namespace: field(5, string, ""),
};
export interface IngressClassParametersReference
  extends Infer<typeof ingressClassParametersReferenceFields> {}
export const ingressClassParametersReference = object<IngressClassParametersReference>(
  "IngressClassParametersReference",
  ingressClassParametersReferenceFields,
);

const ingressClassSpecFields = {
  controller: field(1, string, ""),
  parameters: field(2, ingressClassParametersReference, ""),
};
export interface IngressClassSpec extends Infer<typeof ingressClassSpecFields> {}
export const ingressClassSpec = object<IngressClassSpec>("IngressClassSpec", ingressClassSpecFields);

const ingressClassFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, required(ingressClassSpec), ""),
};
export interface IngressClass extends Infer<typeof ingressClassFields> {}
export const ingressClass = object<IngressClass>("IngressClass", ingressClassFields);
