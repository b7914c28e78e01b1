/** The entry for IPAddress. */
import { type IPAddress, ipAddress } from "../../networking/ip-address.ts";
import { canonicalAddressProblems } from "../../validation/addresses.ts";
import type { FieldError } from "../../validation/field-error.ts";
import { immutable, shaped } from "../../validation/fields.ts";
import { dnsSubdomainProblems, pathSegmentProblems } from "../../validation/names.ts";
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

export const ipAddressKind: Kind<IPAddress> = kindEntry<IPAddress>({
  kind: "IPAddress",
  group: "networking.k8s.io",
  plural: "ipaddresses",
  shortNames: ["ip"],
  namespaced: false,
  schema: ipAddress,
  nameProblems: canonicalAddressProblems,
  validate: validateIPAddress,
  validateUpdate: (next, stored) => immutable("spec.parentRef", next.spec.parentRef, stored.spec.parentRef),
  columns: [nameColumn, column("ParentRef", "What the address is for", parentCell)],
});
