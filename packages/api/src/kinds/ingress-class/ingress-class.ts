/** The entry for IngressClass. */
import { type IngressClass, ingressClass } from "../../networking/ingress-class.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const ingressClassKind: Kind<IngressClass> = kindEntry<IngressClass>({
  kind: "IngressClass",
  group: "networking.k8s.io",
  plural: "ingressclasses",
  namespaced: false,
  schema: ingressClass,
  countsGenerations: true,
});
