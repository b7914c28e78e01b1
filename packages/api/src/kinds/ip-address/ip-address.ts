/** The entry for IPAddress. */
import { type IPAddress, ipAddress } from "../../networking/ip-address.ts";
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

export const ipAddressKind: Kind<IPAddress> = kindEntry<IPAddress>({
  kind: "IPAddress",
  group: "networking.k8s.io",
  plural: "ipaddresses",
  shortNames: ["ip"],
  namespaced: false,
  schema: ipAddress,
  columns: [nameColumn, column("ParentRef", "What the address is for", parentCell)],
});
