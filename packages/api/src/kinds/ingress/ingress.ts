/** The entry for Ingress. */
import { type Ingress, ingress } from "../../networking/ingress.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const ingressKind: Kind<Ingress> = kindEntry<Ingress>({
  kind: "Ingress",
  group: "networking.k8s.io",
  plural: "ingresses",
  shortNames: ["ing"],
  schema: ingress,
  countsGenerations: true,
  subresources: [statusSubresource<Ingress>()],
});
