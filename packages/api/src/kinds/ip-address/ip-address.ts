/** The entry for IPAddress. */
import { type IPAddress, ipAddress } from "../../networking/ip-address.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const ipAddressKind: Kind<IPAddress> = kindEntry<IPAddress>({
  kind: "IPAddress",
  group: "networking.k8s.io",
  plural: "ipaddresses",
  shortNames: ["ip"],
  namespaced: false,
  schema: ipAddress,
});
