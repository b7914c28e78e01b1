/** The entry for IngressClass. */
import { type IngressClass, ingressClass } from "../../networking/ingress-class.ts";
import { NONE } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, specOf } from "../kind.ts";

/** `IngressParameters.example.com/external` */
function parametersCell({ spec: { parameters } }: IngressClass): string {
  if (parameters === undefined) return NONE;
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

export const ingressClassKind: Kind<IngressClass> = kindEntry<IngressClass>({
  kind: "IngressClass",
  group: "networking.k8s.io",
  plural: "ingressclasses",
  namespaced: false,
  schema: ingressClass,
  generationOf: specOf,
  columns: [
    nameColumn,
    column(
      "Controller",
      "Controller that is responsible for handling this class",
      object => object.spec.controller ?? "",
    ),
    column("Parameters", "A reference to a resource with additional parameters", parametersCell),
    ageColumn,
  ],
});
