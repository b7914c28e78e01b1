/** IngressClass: which controller serves an Ingress. */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { defaulted, enumOf, field, type Infer, object, required, string } from "../schema/schema.ts";

const ingressClassParametersReferenceFields = {
  apiGroup: field(1, string, "Group of the object's kind; empty for core."),
  kind: field(2, required(string), "Kind of the object."),
  name: field(3, required(string), "Name of the object."),
  scope: field(
    4,
    defaulted(enumOf("Cluster", "Namespace"), "Cluster"),
    "Whether it is of the whole cluster or of a namespace.",
  ),
  namespace: field(5, string, "Its namespace, where it has one."),
};
export interface IngressClassParametersReference
  extends Infer<typeof ingressClassParametersReferenceFields> {}
export const ingressClassParametersReference = object<IngressClassParametersReference>(
  "IngressClassParametersReference",
  ingressClassParametersReferenceFields,
);

const ingressClassSpecFields = {
  controller: field(1, string, "Name of the controller that serves Ingresses of this class."),
  parameters: field(2, ingressClassParametersReference, "Further settings for that controller."),
};
export interface IngressClassSpec extends Infer<typeof ingressClassSpecFields> {}
export const ingressClassSpec = object<IngressClassSpec>("IngressClassSpec", ingressClassSpecFields);

const ingressClassFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, required(ingressClassSpec), "What the class stands for."),
};
export interface IngressClass extends Infer<typeof ingressClassFields> {}
export const ingressClass = object<IngressClass>("IngressClass", ingressClassFields, {
  doc: "IngressClass names a controller that serves Ingresses.",
});
