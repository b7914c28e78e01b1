/** IPAddress: an address of a Service, taken. */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { defaulted, field, type Infer, object, required, string } from "../schema/schema.ts";

const parentReferenceFields = {
  group: field(1, string, "Group of the object."),
  resource: field(2, required(string), "Resource of the object, such as services."),
  namespace: field(3, string, "Namespace of the object."),
  name: field(4, required(string), "Name of the object."),
};
export interface ParentReference extends Infer<typeof parentReferenceFields> {}
export const parentReference = object<ParentReference>("ParentReference", parentReferenceFields);

const ipAddressSpecFields = {
  parentRef: field(1, required(parentReference), "The object that the address belongs to."),
};
export interface IPAddressSpec extends Infer<typeof ipAddressSpecFields> {}
export const ipAddressSpec = object<IPAddressSpec>("IPAddressSpec", ipAddressSpecFields);

const ipAddressFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, defaulted(ipAddressSpec, {}), "Whose address it is."),
};
export interface IPAddress extends Infer<Omit<typeof ipAddressFields, "spec">> {
  spec: IPAddressSpec;
}
export const ipAddress = object<IPAddress>("IPAddress", ipAddressFields, {
  doc: "IPAddress records that an address is in use, and by whom.",
});
