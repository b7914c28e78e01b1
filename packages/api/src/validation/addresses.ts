/** Addresses and ranges in objects: apimachinery/pkg/util/validation/ip.go. */
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { formatCidr, parseCidr, parseInterfaceAddress } from "@podwire/wire/cidr";
import { type FieldError, fieldInvalid } from "./field-error.ts";

const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NOT_A_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

export function validateAddress(field: string, text: string): FieldError[] {
  return parseAddress(text) === undefined ? [fieldInvalid(field, text, NOT_AN_ADDRESS)] : [];
}

/** For names and newer fields: there is one way to write an address. */
export function canonicalAddressProblems(text: string): string[] {
  const address = parseAddress(text);
  if (address === undefined) return [NOT_AN_ADDRESS];
  const canonical = formatAddress(address);
  return text === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** Bits beyond the prefix are let pass: older fields had them from the start. */
export function validateRange(field: string, text: string): FieldError[] {
  return parseInterfaceAddress(text) === undefined ? [fieldInvalid(field, text, NOT_A_RANGE)] : [];
}

export function validateCanonicalRange(field: string, text: string): FieldError[] {
  const range = parseCidr(text);
  if (range === undefined) {
    const isLoose = parseInterfaceAddress(text) !== undefined;
    return [
      fieldInvalid(field, text, isLoose ? "must not have bits set beyond the prefix length" : NOT_A_RANGE),
    ];
  }
  const canonical = formatCidr(range);
  if (text === canonical) return [];
  return [fieldInvalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

/** An address that traffic can be sent to: ValidateEndpointIP. */
export function validateEndpointAddress(field: string, text: string): FieldError[] {
  const address = parseAddress(text);
  if (address === undefined) return [fieldInvalid(field, text, "must be a valid IP address")];
  const canonical = formatAddress(address);
  const problems: [boolean, string][] = [
    [canonical === "0.0.0.0" || canonical === "::", `may not be unspecified (${text})`],
    [
      canonical === "::1" || canonical.startsWith("127."),
      "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    ],
    [
      canonical.startsWith("169.254.") || /^fe[89ab].:/.test(canonical),
      "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    ],
    [
      canonical.startsWith("224.0.0.") || /^ff.2:/.test(canonical),
      "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    ],
  ];
  return problems.filter(([is]) => is).map(([, problem]) => fieldInvalid(field, text, problem));
}
