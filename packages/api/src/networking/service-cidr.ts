/** ServiceCIDR: a range from which Services get their addresses. */

import { condition, objectMeta, typeMeta } from "../core/meta.ts";
import { defaulted, field, type Infer, list, object, required, string } from "../schema/schema.ts";

const serviceCIDRSpecFields = {
  cidrs: field(
    1,
    list(string),
    "Networks that Services get their addresses from, at most one of each family.",
  ),
};
export interface ServiceCIDRSpec extends Infer<typeof serviceCIDRSpecFields> {}
export const serviceCIDRSpec = object<ServiceCIDRSpec>("ServiceCIDRSpec", serviceCIDRSpecFields);

const serviceCIDRStatusFields = {
  conditions: field(1, list(condition, { key: "type" }), "What holds of the networks."),
};
export interface ServiceCIDRStatus extends Infer<typeof serviceCIDRStatusFields> {}
export const serviceCIDRStatus = object<ServiceCIDRStatus>("ServiceCIDRStatus", serviceCIDRStatusFields);

const serviceCIDRFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, defaulted(serviceCIDRSpec, {}), "The networks that are asked for."),
  status: field(3, defaulted(serviceCIDRStatus, {}), "What was observed of them."),
};
export interface ServiceCIDR extends Infer<Omit<typeof serviceCIDRFields, "spec" | "status">> {
  spec: ServiceCIDRSpec;
  status: ServiceCIDRStatus;
}
export const serviceCIDR = object<ServiceCIDR>("ServiceCIDR", serviceCIDRFields, {
  doc: "ServiceCIDR is a range that Services get their addresses from.",
});
