/**
 * Which families a Service has, and by which policy (upstream: initIPFamilyFields, pkg/registry/core/service/storage):
 *
 *   policy     the one asked for; otherwise the one it had; otherwise one family, and both for a headless Service
 *              without a selector, whose endpoints may be of either
 *   families   those asked for; then those of the addresses asked for; then the cluster's first, and by policy the other
 *
 * A Service of PreferDualStack that is sent back as it was stays as it is, whatever the cluster has become.
 */
import {
  type FieldError,
  fieldInvalid,
  invalid,
  isHeadless,
  jsonEqual,
  type Service,
  type ServiceSpec,
  validateServiceAddresses,
} from "@podwire/api";
import { parseAddress } from "@podwire/wire/address";

export type Family = "IPv4" | "IPv6";

/** Completes `next`. `configured`: the cluster's families, its first one first. Throws Invalid. */
export function chooseFamilies(
  next: Service,
  stored: Service | undefined,
  configured: readonly Family[],
): void {
  const { spec } = next;
  if (spec.type === "ExternalName" || isSettled(spec, stored?.spec)) return;
  choosePolicy(spec, stored?.spec);
  refuse(next, validateServiceAddresses(spec));
  const errors = stored === undefined ? [] : narrow(spec, stored.spec);
  errors.push(...validatePolicy(spec), ...inferFamilies(spec, configured));
  refuse(next, errors);
  if (isBare(spec)) {
    complete(spec, configured[0]!, true);
    return;
  }
  refuse(next, validateConfigured(spec, configured));
  complete(spec, configured[0]!, configured.length === 2);
}

/** Both of PreferDualStack, and nothing said about addresses that was not so. */
export function isSettled(next: ServiceSpec, stored: ServiceSpec | undefined): boolean {
  if (stored === undefined || next.type !== stored.type || next.type === "ExternalName") return false;
  const isPreferred =
    next.ipFamilyPolicy === "PreferDualStack" &&
    (stored.ipFamilyPolicy === undefined || stored.ipFamilyPolicy === "PreferDualStack");
  return isPreferred && sameAddresses(next, stored) && sameFamilies(next, stored);
}

const sameAddresses = (a: ServiceSpec, b: ServiceSpec) => jsonEqual(a.clusterIPs ?? [], b.clusterIPs ?? []);
const sameFamilies = (a: ServiceSpec, b: ServiceSpec) => jsonEqual(a.ipFamilies ?? [], b.ipFamilies ?? []);

/** Headless without a selector: somebody else writes its endpoints, of which family is not known. */
const isBare = (spec: ServiceSpec) =>
  spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;

function choosePolicy(spec: ServiceSpec, stored: ServiceSpec | undefined): void {
  spec.ipFamilyPolicy ??= stored?.ipFamilyPolicy ?? (isBare(spec) ? "RequireDualStack" : "SingleStack");
}

/** Down to one family: the policy says so, and what the client only sent back of the second goes. */
function narrow(spec: ServiceSpec, stored: ServiceSpec): FieldError[] {
  if (spec.ipFamilyPolicy === "SingleStack") {
    if (sameAddresses(spec, stored) && spec.clusterIPs) spec.clusterIPs = spec.clusterIPs.slice(0, 1);
    if (sameFamilies(spec, stored) && spec.ipFamilies) spec.ipFamilies = spec.ipFamilies.slice(0, 1);
    return [];
  }
  const isReduced = (to: readonly string[] = [], from: readonly string[] = []) =>
    to.length > 0 && to.length < from.length;
  const refusal = (what: string) =>
    policyError(spec, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isReduced(spec.clusterIPs, stored.clusterIPs) ? [refusal("cluster IP")] : []),
    ...(isReduced(spec.ipFamilies, stored.ipFamilies) ? [refusal("IP family")] : []),
  ];
}

function validatePolicy(spec: ServiceSpec): FieldError[] {
  if (spec.ipFamilyPolicy !== "SingleStack") return [];
  const refusal = (what: string) =>
    policyError(spec, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  return [
    ...(spec.clusterIPs?.length === 2 ? [refusal("cluster IPs")] : []),
    ...(spec.ipFamilies?.length === 2 ? [refusal("IP families")] : []),
  ];
}

function inferFamilies(spec: ServiceSpec, configured: readonly Family[]): FieldError[] {
  const { clusterIPs = [] } = spec;
  if (isHeadless(spec)) return [];
  const errors: FieldError[] = [];
  for (const [at, address] of clusterIPs.entries()) {
    const family = familyOf(address);
    if (at < (spec.ipFamilies?.length ?? 0)) continue;
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else {
      const detail = `${family} is not configured on this cluster`;
      errors.push(fieldInvalid(`spec.clusterIPs[${at}]`, clusterIPs, detail));
    }
  }
  return errors;
}

function validateConfigured(spec: ServiceSpec, configured: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === "RequireDualStack" && configured.length < 2) {
    errors.push(policyError(spec, "this cluster is not configured for dual-stack services"));
  }
  for (const [at, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.includes(family)) continue;
    errors.push(fieldInvalid(`spec.ipFamilies[${at}]`, family, "not configured on this cluster"));
  }
  return errors;
}

function complete(spec: ServiceSpec, first: Family, mayHaveBoth: boolean): void {
  const families = spec.ipFamilies?.length ? spec.ipFamilies : [first];
  const wantsBoth = mayHaveBoth && spec.ipFamilyPolicy !== "SingleStack";
  const other: Family = families[0] === "IPv4" ? "IPv6" : "IPv4";
  spec.ipFamilies = wantsBoth && families.length === 1 ? [families[0]!, other] : families;
}

export function familyOf(text: string): Family {
  return parseAddress(text)?.length === 4 ? "IPv4" : "IPv6";
}

function policyError(spec: ServiceSpec, detail: string): FieldError {
  return fieldInvalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail);
}

function refuse({ metadata }: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid("", "Service", metadata.name ?? "", errors);
}
