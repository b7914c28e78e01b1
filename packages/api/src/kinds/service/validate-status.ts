/** What a Service's status must satisfy: ValidateLoadBalancerStatus. */
import { parseAddress } from "@podwire/wire/address";
import type { LoadBalancerIngress, Service } from "../../core/service.ts";
import { validateAddress } from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { dnsSubdomainProblems } from "../../validation/names.ts";

const FIELD = "status.loadBalancer.ingress";
const MODES: readonly string[] = ["VIP", "Proxy"];

export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== "LoadBalancer" && ingress.length > 0)
    return [fieldForbidden(FIELD, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap((each, at) => validateIngress(each, `${FIELD}[${at}]`));
}

function validateIngress({ ip, ipMode, hostname }: LoadBalancerIngress, field: string): FieldError[] {
  const errors = ip ? validateAddress(`${field}.ip`, ip) : [];
  const mode = `${field}.ipMode`;
  if (ipMode === undefined) {
    if (ip) errors.push(fieldRequired(mode, "must be specified when `ip` is set"));
  } else if (!ip) {
    errors.push(fieldForbidden(mode, "may not be specified when `ip` is not set"));
  } else if (!MODES.includes(ipMode)) errors.push(fieldNotSupported(mode, ipMode, MODES));
  if (!hostname) return errors;
  errors.push(...shaped(`${field}.hostname`, hostname, dnsSubdomainProblems));
  if (parseAddress(hostname) === undefined) return errors;
  return [...errors, fieldInvalid(`${field}.hostname`, hostname, "must be a DNS name, not an IP address")];
}
