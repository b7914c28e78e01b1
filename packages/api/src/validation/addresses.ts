/** Addresses and ranges in objects: apimachinery/pkg/util/validation/ip.go. */
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { formatCidr, parseCidr, parseInterfaceAddress } from "@podwire/wire/cidr";
import { type FieldError, fieldInvalid } from "./field-error.ts";

const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NOT_A_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/**
 * Stricter than upstream by default is, and as it is with StrictIPCIDRValidation: what some programs read as another
 * address, `010.0.0.1` and `::ffff:10.0.0.1`, is none.
 */
export function validateAddress(field: string, text: string): FieldError[] {
  const problem = addressProblem(text);
  return problem === undefined ? [] : [fieldInvalid(field, text, problem)];
}

function addressProblem(text: string): string | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return isMapped(address) ? "must not be an IPv4-mapped IPv6 address" : undefined;
  return parseAddress(withoutLeadingZeros(text)) === undefined ? NOT_AN_ADDRESS : "must not have leading 0s";
}

/** Of the numbers of an IPv4 address. */
function withoutLeadingZeros(text: string): string {
  return /^[\d.]+(\/|$)/.test(text) ? text.replace(/(?<!\d)0+(?=\d)/g, "") : text;
}

function isMapped(address: Uint8Array): boolean {
  return address.length === 16 && address.every((byte, at) => at > 11 || byte === (at < 10 ? 0 : 0xff));
}

/** For names and newer fields: there is one way to write an address. */
export function canonicalAddressProblems(text: string): string[] {
  const problem = addressProblem(text);
  if (problem !== undefined) return [problem];
  const canonical = formatAddress(parseAddress(text)!);
  return text === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** Bits beyond the prefix are let pass: older fields had them from the start. */
export function validateRange(field: string, text: string): FieldError[] {
  return parseInterfaceAddress(text) === undefined ? [fieldInvalid(field, text, NOT_A_RANGE)] : [];
}

export function validateCanonicalRange(field: string, text: string): FieldError[] {
  const range = parseCidr(text);
  const problem = rangeProblem(text);
  if (problem !== undefined || range === undefined)
    return [fieldInvalid(field, text, problem ?? NOT_A_RANGE)];
  const canonical = formatCidr(range);
  if (text === canonical) return [];
  return [fieldInvalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

function rangeProblem(text: string): string | undefined {
  const range = parseInterfaceAddress(text);
  if (range === undefined) {
    if (parseInterfaceAddress(withoutLeadingZeros(text)) === undefined) return NOT_A_RANGE;
    return "must not have leading 0s in IP or prefix length";
  }
  if (isMapped(range.bytes)) return "must not have an IPv4-mapped IPv6 address";
  return parseCidr(text) === undefined ? "must not have bits set beyond the prefix length" : undefined;
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
