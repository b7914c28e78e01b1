/** What an EndpointSlice must satisfy: pkg/apis/discovery/validation. */
import { familyOf, parseAddress } from "@podwire/wire/address";
import type { Endpoint, EndpointSlice } from "../../discovery/endpoint-slice.ts";
import {
  canonicalAddressProblems,
  validateAddress,
  validateEndpointAddress,
} from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { atMost, immutable, shaped } from "../../validation/fields.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from "../../validation/names.ts";

const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const HINTS_MAX = 8;

export function validateEndpointSlice({
  addressType,
  endpoints = [],
  ports = [],
}: EndpointSlice): FieldError[] {
  const tooMany = atMost("endpoints", endpoints, ENDPOINTS_MAX);
  if (tooMany.length > 0) return [...validatePorts(ports), ...tooMany];
  return [
    ...validatePorts(ports),
    ...endpoints.flatMap((each, at) => validateEndpoint(each, addressType, `endpoints[${at}]`)),
  ];
}

function validatePorts(ports: NonNullable<EndpointSlice["ports"]>): FieldError[] {
  const tooMany = atMost("ports", ports, PORTS_MAX);
  if (tooMany.length > 0) return tooMany;
  const names = new Set<string>();
  return ports.flatMap(({ name = "", appProtocol }, at) => {
    const field = `ports[${at}]`;
    const errors = name ? shaped(`${field}.name`, name, dnsLabelProblems) : [];
    if (names.has(name)) errors.push(fieldDuplicate(`${field}.name`, name));
    names.add(name);
    return [...errors, ...shaped(`${field}.appProtocol`, appProtocol, labelKeyProblems)];
  });
}

function validateEndpoint(
  endpoint: Endpoint,
  type: EndpointSlice["addressType"],
  field: string,
): FieldError[] {
  const { addresses = [], nodeName, hostname, hints } = endpoint;
  const zones = hints?.forZones ?? [];
  const nodes = hints?.forNodes ?? [];
  return [
    ...atMost(`${field}.addresses`, addresses, ADDRESSES_MAX),
    ...addresses.flatMap((each, at) => validateOne(each, type, `${field}.addresses`, at)),
    ...shaped(`${field}.nodeName`, nodeName, dnsSubdomainProblems),
    ...shaped(`${field}.hostname`, hostname, dnsLabelProblems),
    ...validateHints(zones, `${field}.hints.forZones`, labelValueProblems),
    ...validateHints(nodes, `${field}.hints.forNodes`, dnsSubdomainProblems),
  ];
}

function validateOne(
  address: string,
  type: EndpointSlice["addressType"],
  list: string,
  at: number,
): FieldError[] {
  const field = `${list}[${at}]`;
  if (type === "FQDN") return validateDomain(address, field);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors =
    type === "IPv6" ? shaped(field, address, canonicalAddressProblems) : validateAddress(field, address);
  if (errors.length > 0) return errors;
  const isOfFamily = `IPv${familyOf(parseAddress(address)!)}` === type;
  return [
    ...(isOfFamily ? [] : [fieldInvalid(list, address, `must be an ${type} address`)]),
    ...validateEndpointAddress(field, address),
  ];
}

function validateDomain(text: string, field: string): FieldError[] {
  if (text === "") return [fieldRequired(field)];
  const name = text.replace(/\.$/, "");
  const problems = dnsSubdomainProblems(name);
  if (problems.length > 0) return [fieldInvalid(field, name, problems.join(","))];
  if (name.includes(".")) return [];
  const detail = "should be a domain with at least two segments separated by dots";
  return [fieldInvalid(field, name, detail)];
}

function validateHints(
  hints: readonly { readonly name: string }[],
  field: string,
  problems: (text: string) => string[],
): FieldError[] {
  const tooMany = atMost(field, hints, HINTS_MAX);
  if (tooMany.length > 0) return tooMany;
  const seen = new Set<string>();
  return hints.flatMap(({ name }, at) => {
    const place = `${field}[${at}].name`;
    const isTwice = seen.has(name);
    seen.add(name);
    return [...(isTwice ? [fieldDuplicate(place, name)] : []), ...shaped(place, name, problems)];
  });
}

export function validateEndpointSliceUpdate(next: EndpointSlice, stored: EndpointSlice): FieldError[] {
  return immutable("addressType", next.addressType ?? "", stored.addressType);
}
