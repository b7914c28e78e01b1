/** Addresses and ranges in objects: what is one, and in which words it is refused. */
import assert from "node:assert/strict";
import {
  canonicalAddressProblems,
  validateAddress,
  validateCanonicalRange,
  validateEndpointAddress,
  validateRange,
} from "./addresses.ts";
import type { FieldError } from "./field-error.ts";

const NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NO_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const ZEROS = "must not have leading 0s";
const MAPPED = "must not be an IPv4-mapped IPv6 address";

const details = (errors: readonly FieldError[]) => errors.map(({ detail }) => detail);

describe("addresses in objects", () => {
  /** Of older fields, and of names and newer ones. */
  const addresses: [string, string[], string[]][] = [
    ["10.0.0.1", [], []],
    ["fd00::1", [], []],
    ["FD00::1", [], ['must be in canonical form ("fd00::1")']],
    ["fd00:0:0::1", [], ['must be in canonical form ("fd00::1")']],
    ["010.0.0.1", [ZEROS], [ZEROS]],
    ["10.0.0.00", [ZEROS], [ZEROS]],
    ["::ffff:10.0.0.1", [MAPPED], [MAPPED]],
    ["10.0.0", [NO_ADDRESS], [NO_ADDRESS]],
    ["010.0.0", [NO_ADDRESS], [NO_ADDRESS]],
    ["10.0.0.1/24", [NO_ADDRESS], [NO_ADDRESS]],
    ["", [NO_ADDRESS], [NO_ADDRESS]],
  ];
  for (const [text, older, newer] of addresses) {
    it(`${JSON.stringify(text)}: ${newer.join() || "is one"}`, () => {
      assert.deepEqual(details(validateAddress("ip", text)), older);
      assert.deepEqual(canonicalAddressProblems(text), newer);
    });
  }

  const ranges: [string, string[], string[]][] = [
    ["10.0.0.0/24", [], []],
    ["fd00::/64", [], []],
    ["FD00::/64", [], ['must be in canonical form ("fd00::/64")']],
    ["10.0.0.1/24", [], ["must not have bits set beyond the prefix length"]],
    ["010.0.0.0/24", [NO_RANGE], ["must not have leading 0s in IP or prefix length"]],
    ["10.0.0.0/08", [NO_RANGE], ["must not have leading 0s in IP or prefix length"]],
    ["::ffff:10.0.0.0/120", [], ["must not have an IPv4-mapped IPv6 address"]],
    ["10.0.0.0/33", [NO_RANGE], [NO_RANGE]],
    ["10.0.0.0", [NO_RANGE], [NO_RANGE]],
  ];
  for (const [text, older, newer] of ranges) {
    it(`${JSON.stringify(text)}: ${newer.join() || "is a range"}`, () => {
      assert.deepEqual(details(validateRange("cidr", text)), older);
      assert.deepEqual(details(validateCanonicalRange("cidr", text)), newer);
    });
  }

  const LINK_LOCAL = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
  const LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
  const MULTICAST = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
  const endpoints: [string, string | undefined][] = [
    ...["10.0.0.1", "239.1.1.1", "255.255.255.255", "fd00::1", "fec0::1", "ff05::1"].map(
      text => [text, undefined] as [string, undefined],
    ),
    ["0.0.0.0", "may not be unspecified (0.0.0.0)"],
    ["::", "may not be unspecified (::)"],
    ...["127.0.0.1", "127.255.0.1", "::1"].map(text => [text, LOOPBACK] as [string, string]),
    ...["169.254.1.1", "fe80::1", "feb0::1"].map(text => [text, LINK_LOCAL] as [string, string]),
    ...["224.0.0.5", "ff02::1", "ff12::1"].map(text => [text, MULTICAST] as [string, string]),
    ["banana", "must be a valid IP address"],
  ];
  for (const [text, problem] of endpoints) {
    it(`${text} ${problem ?? "may be an endpoint"}`, () => {
      assert.deepEqual(details(validateEndpointAddress("ip", text)), problem === undefined ? [] : [problem]);
    });
  }
});
