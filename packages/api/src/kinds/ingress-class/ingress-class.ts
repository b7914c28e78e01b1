/** The entry for IngressClass. */
import { type IngressClass, ingressClass } from "../../networking/ingress-class.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldRequired,
  fieldTooLong,
} from "../../validation/field-error.ts";
import { immutable, shaped } from "../../validation/fields.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  validateDomainPath,
} from "../../validation/names.ts";
import { NONE } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, specOf } from "../kind.ts";

/** `IngressParameters.example.com/external` */
function parametersCell({ spec: { parameters } }: IngressClass): string {
  if (parameters === undefined) return NONE;
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

const CONTROLLER_MAX = 250;

function validateIngressClass({ spec: { controller = "", parameters } }: IngressClass): FieldError[] {
  const field = "spec.parameters";
  const errors = validateDomainPath("spec.controller", controller);
  if (controller.length > CONTROLLER_MAX) errors.unshift(fieldTooLong("spec.controller", CONTROLLER_MAX));
  if (parameters === undefined) return errors;
  const { apiGroup, kind, name, scope, namespace } = parameters;
  errors.push(
    ...shaped(`${field}.apiGroup`, apiGroup, dnsSubdomainProblems),
    ...shaped(`${field}.kind`, kind || undefined, pathSegmentProblems),
    ...shaped(`${field}.name`, name || undefined, pathSegmentProblems),
  );
  if (scope === "Namespace" && namespace === undefined) {
    errors.push(fieldRequired(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  } else if (scope === "Namespace") {
    errors.push(...shaped(`${field}.namespace`, namespace, dnsLabelProblems));
  } else if (scope === "Cluster" && namespace !== undefined) {
    errors.push(fieldForbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}

export const ingressClassKind: Kind<IngressClass> = kindEntry<IngressClass>({
  kind: "IngressClass",
  group: "networking.k8s.io",
  plural: "ingressclasses",
  namespaced: false,
  schema: ingressClass,
  validate: validateIngressClass,
  validateUpdate: (next, stored) =>
    immutable("spec.controller", next.spec.controller, stored.spec.controller),
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
