/** What a NetworkPolicy must satisfy: pkg/apis/networking/validation, ValidateNetworkPolicy. */
import { contains, networkOf, parseInterfaceAddress } from "@podwire/wire/cidr";
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../../networking/network-policy.ts";
import { validateRange } from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { portNumber, shaped } from "../../validation/fields.ts";
import { validateLabelSelector } from "../../validation/label-selector.ts";
import { portNameProblems } from "../../validation/names.ts";

const TYPES_MAX = 2;

export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec;
  const errors = [
    ...validateLabelSelector(podSelector, "spec.podSelector"),
    ...ingress.flatMap(({ ports, from }, at) => validateRule(ports, from, `spec.ingress[${at}]`, "from")),
    ...egress.flatMap(({ ports, to }, at) => validateRule(ports, to, `spec.egress[${at}]`, "to")),
  ];
  if (policyTypes.length <= TYPES_MAX) return errors;
  return [
    ...errors,
    fieldInvalid("spec.policyTypes", policyTypes, "may not specify more than two policyTypes"),
  ];
}

function validateRule(
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  field: string,
  side: "from" | "to",
): FieldError[] {
  return [
    ...ports.flatMap((port, at) => validatePort(port, `${field}.ports[${at}]`)),
    ...peers.flatMap((peer, at) => validatePeer(peer, `${field}.${side}[${at}]`)),
  ];
}

function validatePort({ port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const end = `${field}.endPort`;
  if (typeof port === "number") {
    const errors = portNumber(`${field}.port`, port);
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(fieldInvalid(end, port, "must be greater than or equal to `port`"));
    return [...errors, ...portNumber(end, endPort)];
  }
  const why = port === undefined ? "`port` is not specified" : "`port` is non-numeric";
  return [
    ...(endPort === undefined ? [] : [fieldInvalid(end, endPort, `may not be specified when ${why}`)]),
    ...shaped(`${field}.port`, port, portNameProblems),
  ];
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  field: string,
): FieldError[] {
  const named = [podSelector, namespaceSelector, ipBlock].filter(each => each !== undefined).length;
  if (named === 0) return [fieldRequired(field, "must specify a peer")];
  const errors = [
    ...validateLabelSelector(podSelector, `${field}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, `${field}.ipBlock`)),
  ];
  if (named === 1 || ipBlock === undefined) return errors;
  return [...errors, fieldForbidden(field, "may not specify both ipBlock and another peer")];
}

function validateBlock({ cidr, except = [] }: IPBlock, field: string): FieldError[] {
  // That it must be there, the schema says.
  if (!cidr) return [];
  const errors = validateRange(`${field}.cidr`, cidr);
  const range = parseInterfaceAddress(cidr);
  if (range === undefined) return errors;
  const inner = except.flatMap((text, at) => {
    const place = `${field}.except[${at}]`;
    const part = parseInterfaceAddress(text);
    if (part === undefined) return validateRange(place, text);
    const isWithin = contains(networkOf(range), part.bytes) && part.prefixLength > range.prefixLength;
    return isWithin ? [] : [fieldInvalid(place, text, "must be a strict subset of `cidr`")];
  });
  return [...errors, ...inner];
}
