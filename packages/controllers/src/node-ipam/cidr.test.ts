/** CIDR arithmetic against ip-num, and what is refused. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { IPv4CidrRange, IPv6CidrRange } from "ip-num";
import { formatCidr, overlap, parseCidr, subnet, subnetCount, subnetsCovered } from "./cidr.ts";

const seed = Number(process.env.PODWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));

const ipv4 = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }))
  .map(([value, prefixLength]) => ({
    family: 4 as const,
    first: masked(BigInt(value), 32, prefixLength),
    prefixLength,
  }));
const ipv6 = fc
  .tuple(
    fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 }),
    fc.integer({ min: 0, max: 128 }),
  )
  .map(([groups, prefixLength]) => {
    const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
    return { family: 6 as const, first: masked(value, 128, prefixLength), prefixLength };
  });

function masked(value: bigint, bits: number, prefixLength: number): bigint {
  const host = BigInt(bits - prefixLength);
  return (value >> host) << host;
}

function oracle(text: string): IPv4CidrRange | IPv6CidrRange {
  return text.includes(":") ? IPv6CidrRange.fromCidr(text) : IPv4CidrRange.fromCidr(text);
}

describe(`cidr (PODWIRE_SEED=${seed})`, () => {
  it("reads what it prints, and ip-num reads the same", () => {
    const property = fc.property(fc.oneof(ipv4, ipv6), cidr => {
      const text = formatCidr(cidr);
      assert.deepStrictEqual(parseCidr(text), cidr);
      assert.equal(oracle(text).getFirst().getValue(), cidr.first);
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  it("prints IPv6 by RFC 5952", () => {
    const examples: [string, string][] = [
      ["fd00:0010:0244:0000:0000:0000:0000:0000/56", "fd00:10:244::/56"],
      ["0:0:0:0:0:0:0:0/0", "::/0"],
      ["1:0:0:2:0:0:0:3/128", "1:0:0:2::3/128"],
      ["1:0:2:0:3:0:4:0/128", "1:0:2:0:3:0:4:0/128"],
      ["2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"],
      ["::ffff:10.1.2.3/128", "::ffff:a01:203/128"],
      ["::1/128", "::1/128"],
      ["10:20:30:40:0:0:0:0/64", "10:20:30:40::/64"],
    ];
    for (const [text, printed] of examples) assert.equal(formatCidr(parseCidr(text)), printed);
  });

  it("finds overlaps like ip-num", () => {
    const property = fc.property(fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6)), ([a, b]) => {
      const [left, right] = [oracle(formatCidr(a)), oracle(formatCidr(b))];
      const apart = left.getLast().getValue() < right.getFirst().getValue();
      const expected = !(apart || right.getLast().getValue() < left.getFirst().getValue());
      assert.equal(overlap(a, b), expected);
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  it("cuts subnets that lie apart, and knows which of them a range covers", () => {
    const range = parseCidr("10.244.0.0/16");
    assert.equal(subnetCount(range, 24), 256);
    assert.equal(formatCidr(subnet(range, 24, 255)), "10.244.255.0/24");
    assert.equal(formatCidr(subnet(parseCidr("fd00:10:244::/56"), 64, 17)), "fd00:10:244:11::/64");
    assert.deepEqual(subnetsCovered(range, 24, parseCidr("10.244.4.0/22")), { from: 4, to: 8 });
    assert.deepEqual(subnetsCovered(range, 24, parseCidr("10.244.7.128/25")), { from: 7, to: 8 });
    assert.deepEqual(subnetsCovered(range, 24, parseCidr("10.0.0.0/8")), { from: 0, to: 256 });
  });

  it("refuses what is no CIDR, with the way out", () => {
    for (const text of [
      "",
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0/8",
      "fd00::/129",
      "fe80::1%eth0/64",
      "10.0.0.0/8/8",
    ]) {
      assert.throws(() => parseCidr(text), /is not a CIDR; write it like/);
    }
    assert.throws(() => parseCidr("10.244.1.0/16"), /bits set beyond its prefix; .* is 10\.244\.0\.0\/16/);
  });
});
