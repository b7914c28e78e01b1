/** The Pod's resolver and hosts file: validatePodDNSConfig, ValidateHostAliases. */
import type { PodSpec } from "../../core/pod.ts";
import { validateAddress } from "../../validation/addresses.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { dnsSubdomainProblems, searchDomainProblems } from "../../validation/names.ts";

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

export function validateDns({ dnsPolicy, dnsConfig }: PodSpec): FieldError[] {
  const field = "spec.dnsConfig";
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === "None" && dnsConfig === undefined) {
    return [fieldRequired(field, "must provide `dnsConfig` when `dnsPolicy` is None")];
  }
  if (dnsPolicy === "None" && nameservers.length === 0) {
    const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    return [fieldRequired(`${field}.nameservers`, detail)];
  }
  const errors: FieldError[] = [];
  if (nameservers.length > NAMESERVERS_MAX) {
    const detail = `must not have more than ${NAMESERVERS_MAX} nameservers`;
    errors.push(fieldInvalid(`${field}.nameservers`, nameservers, detail));
  }
  errors.push(...nameservers.flatMap((each, at) => validateAddress(`${field}.nameservers[${at}]`, each)));
  if (searches.length > SEARCHES_MAX) {
    const detail = `must not have more than ${SEARCHES_MAX} search paths`;
    errors.push(fieldInvalid(`${field}.searches`, searches, detail));
  }
  if (searches.join(" ").length > SEARCH_CHARACTERS_MAX) {
    const detail = `must not have more than ${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`;
    errors.push(fieldInvalid(`${field}.searches`, searches, detail));
  }
  for (const [at, search] of searches.entries()) {
    if (search === ".") continue;
    const domain = search.replace(/\.$/, "");
    errors.push(...shaped(`${field}.searches[${at}]`, domain, searchDomainProblems));
  }
  for (const [at, { name }] of options.entries()) {
    if (!name) errors.push(fieldRequired(`${field}.options[${at}]`, "must not be empty"));
  }
  return errors;
}

export function validateHostAliases({ hostAliases = [] }: PodSpec): FieldError[] {
  return hostAliases.flatMap(({ ip, hostnames = [] }, at) => {
    const field = `spec.hostAliases[${at}]`;
    return [
      ...(ip ? validateAddress(`${field}.ip`, ip) : []),
      ...hostnames.flatMap((name, index) =>
        shaped(`${field}.hostnames[${index}]`, name, dnsSubdomainProblems),
      ),
    ];
  });
}
