/** The entry for ServiceCIDR. */

import { parseInterfaceAddress } from "@podwire/wire/cidr";
import { type ServiceCIDR, serviceCIDR } from "../../networking/service-cidr.ts";
import { validateCanonicalRange } from "../../validation/addresses.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { immutable } from "../../validation/fields.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

const FIELD = "spec.cidrs";
const MOST = 2;

function validateServiceCIDR({ spec: { cidrs = [] } }: ServiceCIDR): FieldError[] {
  if (cidrs.length === 0) return [fieldRequired(FIELD, "at least one CIDR required")];
  if (cidrs.length > MOST) return [fieldInvalid(FIELD, { CIDRs: cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, at) => validateCanonicalRange(`${FIELD}[${at}]`, cidr));
  const families = cidrs.map(cidr => parseInterfaceAddress(cidr)?.family);
  if (families.length < MOST || families[0] === undefined || families[0] !== families[1]) return errors;
  const detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
  return [...errors, fieldInvalid(FIELD, cidrs, detail)];
}

/** A range stays; a second one, of the other family, may come. */
function validateServiceCIDRUpdate(next: ServiceCIDR, stored: ServiceCIDR): FieldError[] {
  const [to, from] = [next.spec.cidrs ?? [], stored.spec.cidrs ?? []];
  const isGrowing = from.length === 1 && to.length === MOST;
  if (to.length !== from.length && !isGrowing) return [fieldInvalid(FIELD, to, "field is immutable")];
  return from.flatMap((cidr, at) => immutable(`${FIELD}[${at}]`, to[at], cidr));
}

export const serviceCIDRKind: Kind<ServiceCIDR> = kindEntry<ServiceCIDR>({
  kind: "ServiceCIDR",
  group: "networking.k8s.io",
  plural: "servicecidrs",
  namespaced: false,
  schema: serviceCIDR,
  validate: validateServiceCIDR,
  validateUpdate: validateServiceCIDRUpdate,
  subresources: [statusSubresource<ServiceCIDR>()],
  columns: [
    nameColumn,
    column("CIDRs", "The ranges, one a family", object => (object.spec.cidrs ?? []).join(",")),
    ageColumn,
  ],
});
