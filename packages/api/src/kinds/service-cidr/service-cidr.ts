/** The entry for ServiceCIDR. */
import { type ServiceCIDR, serviceCIDR } from "../../networking/service-cidr.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const serviceCIDRKind: Kind<ServiceCIDR> = kindEntry<ServiceCIDR>({
  kind: "ServiceCIDR",
  group: "networking.k8s.io",
  plural: "servicecidrs",
  namespaced: false,
  schema: serviceCIDR,
  subresources: [statusSubresource<ServiceCIDR>()],
  columns: [
    nameColumn,
    column("CIDRs", "The ranges, one a family", object => (object.spec.cidrs ?? []).join(",")),
    ageColumn,
  ],
});
