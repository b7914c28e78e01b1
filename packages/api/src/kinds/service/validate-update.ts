/**
 * What of a Service may change: ValidateServiceUpdate. Its first address and family stay while it has addresses; a
 * second one comes and goes.
 */
import type { Service, ServiceSpec } from "../../core/service.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { isHeadless, needsClusterIP, needsHealthCheck } from "./by-type.ts";

const ONCE = "may not change once set";

export function validateServiceUpdate({ spec: next }: Service, { spec: stored }: Service): FieldError[] {
  return [
    ...(needsClusterIP(next) && needsClusterIP(stored)
      ? [...validateAddressChange(next, stored), ...validateFamilyChange(next, stored)]
      : []),
    ...validateClassChange(next, stored),
    ...validateHealthPortChange(next, stored),
  ];
}

function validateAddressChange(next: ServiceSpec, stored: ServiceSpec): FieldError[] {
  if (isHeadless(next) && isHeadless(stored)) return [];
  const { clusterIPs: to = [] } = next;
  const { clusterIPs: from = [] } = stored;
  const changed = (at: number) => fieldInvalid(`spec.clusterIPs[${at}]`, next.clusterIPs, ONCE);
  if (to.length === from.length)
    return from.flatMap((address, at) => (address === to[at] ? [] : [changed(at)]));
  const errors: FieldError[] = [];
  if (to.length === 0) {
    errors.push(fieldInvalid("spec.clusterIPs[0]", next.clusterIPs, "primary clusterIP can not be unset"));
  } else if (from.length > 0 && to[0] !== from[0]) errors.push(changed(0));
  const isReleased = to.length === 1 && from.length > 1;
  return [...errors, ...(isReleased ? validateRelease(next, "clusterIP") : [])];
}

function validateFamilyChange(next: ServiceSpec, stored: ServiceSpec): FieldError[] {
  if (isHeadless(next) || isHeadless(stored)) return [];
  const { ipFamilies: to = [] } = next;
  const { ipFamilies: from = [] } = stored;
  const field = "spec.ipFamilies[0]";
  if (to.length === from.length)
    return from.flatMap((family, at) =>
      family === to[at] ? [] : [fieldInvalid(field, next.ipFamilies, ONCE)],
    );
  const errors: FieldError[] = [];
  if (to.length < from.length && !next.clusterIPs?.length) {
    errors.push(fieldInvalid(field, next.ipFamilies, "primary ipFamily can not be unset"));
  }
  if (to.length > 0 && from.length > 0 && to[0] !== from[0]) {
    errors.push(fieldInvalid(field, next.clusterIPs, ONCE));
  }
  const isReleased = to.length === 1 && from.length > 1;
  return [...errors, ...(isReleased ? validateRelease(next, "ipFamily") : [])];
}

function validateRelease({ ipFamilyPolicy }: ServiceSpec, what: "clusterIP" | "ipFamily"): FieldError[] {
  if (ipFamilyPolicy === "SingleStack") return [];
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [fieldInvalid("spec.ipFamilyPolicy", ipFamilyPolicy, detail)];
}

function validateClassChange(next: ServiceSpec, stored: ServiceSpec): FieldError[] {
  if (next.type !== "LoadBalancer" || stored.type !== "LoadBalancer") return [];
  if (next.loadBalancerClass === stored.loadBalancerClass) return [];
  return [fieldInvalid("spec.loadBalancerClass", next.loadBalancerClass, ONCE)];
}

function validateHealthPortChange(next: ServiceSpec, stored: ServiceSpec): FieldError[] {
  if (!needsHealthCheck(next) || !needsHealthCheck(stored)) return [];
  if (next.healthCheckNodePort === stored.healthCheckNodePort) return [];
  return [fieldForbidden("spec.healthCheckNodePort", "field is immutable")];
}
