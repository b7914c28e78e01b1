/** The entry for NetworkPolicy. */
import { type NetworkPolicy, networkPolicy } from "../../networking/network-policy.ts";
import { selectorCell } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, specOf } from "../kind.ts";
import { validateNetworkPolicy } from "./validate.ts";

export const networkPolicyKind: Kind<NetworkPolicy> = kindEntry<NetworkPolicy>({
  kind: "NetworkPolicy",
  group: "networking.k8s.io",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  schema: networkPolicy,
  validate: validateNetworkPolicy,
  applyDefaults: ({ spec }) => {
    if (spec.policyTypes?.length) return;
    // One that says nothing of types is at least about what comes in.
    spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  },
  generationOf: specOf,
  columns: [
    nameColumn,
    column("Pod-Selector", "The Pods that it is about", object => selectorCell(object.spec.podSelector)),
    ageColumn,
  ],
});
