/** What an Ingress must satisfy: pkg/apis/networking/validation, ValidateIngressCreate. */
import { parseAddress } from "@podwire/wire/address";
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressTLS,
} from "../../networking/ingress.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { portNumber, shaped } from "../../validation/fields.ts";
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  portNameProblems,
  wildcardSubdomainProblems,
} from "../../validation/names.ts";

export function validateIngress({ spec }: Ingress): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(fieldInvalid("spec", spec.rules, "either `defaultBackend` or `rules` must be specified"));
  }
  if (defaultBackend !== undefined) errors.push(...validateBackend(defaultBackend, "spec.defaultBackend"));
  return [
    ...errors,
    ...rules.flatMap((rule, at) => validateRule(rule, `spec.rules[${at}]`)),
    ...tls.flatMap((each, at) => validateTls(each, `spec.tls[${at}]`)),
    ...shaped("spec.ingressClassName", ingressClassName, dnsSubdomainProblems),
  ];
}

const hostProblems = (host: string) =>
  host.includes("*") ? wildcardSubdomainProblems(host) : dnsSubdomainProblems(host);

function validateRule({ host, http }: IngressRule, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (host) {
    if (parseAddress(host) !== undefined) {
      errors.push(fieldInvalid(`${field}.host`, host, "must be a DNS name, not an IP address"));
    }
    errors.push(...shaped(`${field}.host`, host, hostProblems));
  }
  const paths = http?.paths ?? [];
  return [...errors, ...paths.flatMap((path, at) => validatePath(path, `${field}.http.paths[${at}]`))];
}

const FORBIDDEN_PARTS = ["//", "/./", "/../", "%2f", "%2F"];
const FORBIDDEN_ENDS = ["/..", "/."];

function validatePath({ path = "", pathType, backend }: HTTPIngressPath, field: string): FieldError[] {
  if (pathType === undefined) return [];
  const place = `${field}.path`;
  const errors: FieldError[] = [];
  const isExact = pathType === "Exact" || pathType === "Prefix";
  if (!path.startsWith("/") && (isExact || path !== "")) {
    errors.push(fieldInvalid(place, path, "must be an absolute path"));
  }
  if (isExact) {
    const parts = FORBIDDEN_PARTS.filter(part => path.includes(part));
    errors.push(...parts.map(part => fieldInvalid(place, path, `must not contain '${part}'`)));
    const ends = FORBIDDEN_ENDS.filter(end => path.endsWith(end));
    errors.push(...ends.map(end => fieldInvalid(place, path, `cannot end with '${end}'`)));
  }
  return backend === undefined ? errors : [...errors, ...validateBackend(backend, `${field}.backend`)];
}

function validateBackend({ resource, service }: IngressBackend, field: string): FieldError[] {
  if (resource !== undefined && service !== undefined) {
    return [fieldInvalid(field, "", "cannot set both resource and service backends")];
  }
  if (resource !== undefined) {
    const { apiGroup, kind, name } = resource;
    return [
      ...shaped(`${field}.resource.apiGroup`, apiGroup, dnsSubdomainProblems),
      ...shaped(`${field}.resource.kind`, kind || undefined, pathSegmentProblems),
      ...shaped(`${field}.resource.name`, name || undefined, pathSegmentProblems),
    ];
  }
  if (service === undefined) return [fieldInvalid(field, "", "resource or service backend is required")];
  const { name: portName = "", number = 0 } = service.port ?? {};
  const errors = shaped(`${field}.service.name`, service.name || undefined, dns1035LabelProblems);
  if (portName && number)
    return [...errors, fieldInvalid(field, "", "cannot set both port name & port number")];
  if (portName) return [...errors, ...shaped(`${field}.service.port.name`, portName, portNameProblems)];
  if (number) return [...errors, ...portNumber(`${field}.service.port.number`, number)];
  return [...errors, fieldRequired(field, "port name or number is required")];
}

function validateTls({ hosts = [], secretName }: IngressTLS, field: string): FieldError[] {
  return [
    ...hosts.flatMap((host, at) => shaped(`${field}.hosts[${at}]`, host, hostProblems)),
    ...(secretName ? shaped(`${field}.secretName`, secretName, dnsSubdomainProblems) : []),
  ];
}
