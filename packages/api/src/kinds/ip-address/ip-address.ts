/** The entry for IPAddress. */
import { type IPAddress, ipAddress } from "../../networking/ip-address.ts";
import { canonicalAddressProblems } from "../../validation/addresses.ts";
import { type FieldError, fieldInvalid } from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { dnsSubdomainProblems, pathSegmentProblems } from "../../validation/names.ts";
import { jsonEqual } from "../../values/equal.ts";
import { NONE } from "../cells.ts";
import { column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

/** `services/default/web` */
function parentCell({ spec: { parentRef } }: IPAddress): string {
  if (parentRef === undefined) return NONE;
  const { group, resource = "", namespace, name = "" } = parentRef;
  const plural = [resource, group].filter(Boolean).join(".").toLowerCase();
  return [plural, namespace, name].filter(each => each !== undefined && each !== "").join("/");
}

function validateIPAddress({ spec: { parentRef } }: IPAddress): FieldError[] {
  if (parentRef === undefined) return [];
  const field = "spec.parentRef";
  const { group, resource, namespace, name } = parentRef;
  return [
    ...shaped(`${field}.group`, group || undefined, dnsSubdomainProblems),
    ...shaped(`${field}.resource`, resource || undefined, pathSegmentProblems),
    ...shaped(`${field}.name`, name || undefined, pathSegmentProblems),
    ...shaped(`${field}.namespace`, namespace || undefined, pathSegmentProblems),
  ];
}

function validateIPAddressUpdate({ spec: next }: IPAddress, { spec: stored }: IPAddress): FieldError[] {
  if (jsonEqual(next.parentRef, stored.parentRef)) return [];
  const { group = "", resource = "", namespace = "", name = "" } = next.parentRef ?? {};
  // As upstream prints it.
  const printed = { Group: group, Resource: resource, Namespace: namespace, Name: name };
  return [fieldInvalid("spec.parentRef", next.parentRef && printed, "field is immutable")];
}

export const ipAddressKind: Kind<IPAddress> = kindEntry<IPAddress>({
  kind: "IPAddress",
  group: "networking.k8s.io",
  plural: "ipaddresses",
  shortNames: ["ip"],
  namespaced: false,
  schema: ipAddress,
  nameProblems: canonicalAddressProblems,
  validate: validateIPAddress,
  validateUpdate: validateIPAddressUpdate,
  columns: [nameColumn, column("ParentRef", "What the address is for", parentCell)],
});
