/** The entry for NetworkPolicy. */
import { type NetworkPolicy, networkPolicy } from "../../networking/network-policy.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const networkPolicyKind: Kind<NetworkPolicy> = kindEntry<NetworkPolicy>({
  kind: "NetworkPolicy",
  group: "networking.k8s.io",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  schema: networkPolicy,
  countsGenerations: true,
});
