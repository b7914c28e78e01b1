/** The entry for Ingress. */
import { type Ingress, ingress } from "../../networking/ingress.ts";
import { loadBalancerAddresses, NONE } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, specOf, statusSubresource } from "../kind.ts";
import { validateIngress } from "./validate.ts";

const LISTED_HOSTS = 3;

/** What is more counts rules, as upstream does: those without a host among them. */
function hostsCell({ spec: { rules = [] } }: Ingress): string {
  const named = rules.flatMap(({ host }, at) => (host ? [{ host, at }] : [])).slice(0, LISTED_HOSTS);
  if (named.length === 0) return "*";
  const hosts = named.map(({ host }) => host).join(",");
  const isMore = named.length === LISTED_HOSTS && named.at(-1)!.at < rules.length - 1;
  return isMore ? `${hosts} + ${rules.length - LISTED_HOSTS} more...` : hosts;
}

export const ingressKind: Kind<Ingress> = kindEntry<Ingress>({
  kind: "Ingress",
  group: "networking.k8s.io",
  plural: "ingresses",
  shortNames: ["ing"],
  schema: ingress,
  validate: validateIngress,
  generationOf: specOf,
  subresources: [statusSubresource<Ingress>()],
  columns: [
    nameColumn,
    column("Class", "The IngressClass that serves it", object => object.spec.ingressClassName ?? NONE),
    column("Hosts", "The hosts of its rules", hostsCell),
    column("Address", "Where its load balancer is", object => loadBalancerAddresses(object.status).join(",")),
    column("Ports", "The ports that are open", object => (object.spec.tls?.length ? "80, 443" : "80")),
    ageColumn,
  ],
});
