/** IPAddress: an address of a Service, taken. */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, object, required, string } from "../schema/schema.ts";

const parentReferenceFields = {
  group: field(1, string, ""),
  resource: field(2, required(string), ""),
  namespace: field(3, string, ""),
  name: field(4, required(string), ""),
};
export interface ParentReference extends Infer<typeof parentReferenceFields> {}
export const parentReference = object<ParentReference>("ParentReference", parentReferenceFields);

const ipAddressSpecFields = {
  parentRef: field(1, required(parentReference), ""),
};
export interface IPAddressSpec extends Infer<typeof ipAddressSpecFields> {}
export const ipAddressSpec = object<IPAddressSpec>("IPAddressSpec", ipAddressSpecFields);

const ipAddressFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, required(ipAddressSpec), ""),
};
export interface IPAddress extends Infer<typeof ipAddressFields> {}
export const ipAddress = object<IPAddress>("IPAddress", ipAddressFields);
