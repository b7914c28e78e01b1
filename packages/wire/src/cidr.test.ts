/** CIDR arithmetic against ip-num, and what is refused. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { IPv4, IPv4CidrRange, IPv6, IPv6CidrRange } from "ip-num";
import { formatAddress, parseAddress } from "./address.ts";
import {
  addressCount,
  addressNumber,
  type Cidr,
  contains,
  formatCidr,
  networkOf,
  nthAddress,
  nthSubnet,
  overlaps,
  parseCidr,
  parseInterfaceAddress,
  subnetCount,
  subnetNumber,
} from "./cidr.ts";
import { testSeed } from "./testing/random.ts";

const seed = testSeed();
const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed, numRuns: 500 });

/** Few distinct bytes, so that networks nest and IPv6 has runs of zeros. */
const byte = fc.constantFrom(0, 0, 0, 1, 10, 128, 255);
const ipv4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6Bytes = fc.array(byte, { minLength: 16, maxLength: 16 }).map(bytes => Uint8Array.from(bytes));
const ipv4 = fc
  .tuple(
    fc.oneof(
      ipv4Bytes,
      fc.tuple(byte, byte, byte, byte).map(bytes => Uint8Array.from(bytes)),
    ),
    fc.nat(32),
  )
  .map(([bytes, prefixLength]): Cidr => networkOf({ family: 4, bytes, prefixLength }));
const ipv6 = fc
  .tuple(ipv6Bytes, fc.nat(128))
  .map(([bytes, prefixLength]): Cidr => networkOf({ family: 6, bytes, prefixLength }));
const cidr = fc.oneof(ipv4, ipv6);
const pair = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));

function oracle(each: Cidr): { first: bigint; last: bigint; size: bigint } {
  const text = formatCidr(each);
  const range = each.family === 6 ? IPv6CidrRange.fromCidr(text) : IPv4CidrRange.fromCidr(text);
  return { first: range.getFirst().getValue(), last: range.getLast().getValue(), size: range.getSize() };
}

function value(bytes: Uint8Array): bigint {
  const text = formatAddress(bytes);
  return bytes.length === 4 ? new IPv4(text).getValue() : IPv6.fromString(text).getValue();
}

const parse = (text: string): Cidr => parseCidr(text)!;

describe(`CIDRs (PODWIRE_SEED=${seed})`, () => {
  it("are read as they are written, and as ip-num reads them", () => {
    const property = fc.property(cidr, each => {
      assert.deepStrictEqual(parseCidr(formatCidr(each)), each);
      assert.equal(value(each.bytes), oracle(each).first);
      assert.equal(BigInt(addressCount(each)), oracle(each).size);
    });
    check(property);
  });

  it("overlap and contain as for ip-num", () => {
    const property = fc.property(pair, ([one, other]) => {
      const [a, b] = [oracle(one), oracle(other)];
      assert.equal(overlaps(one, other), a.first <= b.last && b.first <= a.last);
      assert.equal(contains(one, other.bytes), a.first <= b.first && b.first <= a.last);
    });
    check(property);
  });

  it("of different families have nothing in common", () => {
    assert(!overlaps(parse("0.0.0.0/0"), parse("::/0")));
    assert(!contains(parse("::/0"), parseAddress("10.0.0.1")!));
  });

  it("number their addresses", () => {
    const property = fc.property(cidr, fc.nat(), (each, any) => {
      const n = Math.min(any, addressCount(each) - 1);
      const address = nthAddress(each, n);
      assert.equal(value(address), oracle(each).first + BigInt(n));
      assert.equal(addressNumber(each, address), n);
    });
    check(property);
    assert.equal(formatAddress(nthAddress(parse("172.30.0.0/16"), 300)), "172.30.1.44");
    assert.equal(formatAddress(nthAddress(parse("fd00:172:30::/64"), 11)), "fd00:172:30::b");
    assert.throws(() => nthAddress(parse("10.0.0.0/30"), 4), RangeError);
  });

  it("are cut into numbered subnets, side by side", () => {
    const property = fc.property(cidr, fc.nat(16), fc.nat(), (range, bits, any) => {
      const prefixLength = Math.min(range.prefixLength + bits, range.bytes.length * 8);
      const n = any % subnetCount(range, prefixLength);
      const subnet = nthSubnet(range, prefixLength, n);
      assert.equal(oracle(subnet).first, oracle(range).first + BigInt(n) * oracle(subnet).size);
      assert.equal(
        subnetNumber(range, prefixLength, nthAddress(subnet, addressCount(subnet) > 9 ? 9 : 0)),
        n,
      );
    });
    check(property);
    assert.equal(subnetCount(parse("10.244.0.0/16"), 24), 256);
    assert.equal(formatCidr(nthSubnet(parse("fd00:10:244::/56"), 64, 17)), "fd00:10:244:11::/64");
    assert.throws(
      () => nthSubnet(parse("10.244.0.0/16"), 24, 256),
      /10\.244\.0\.0\/16 has no \/24 number 256/,
    );
  });

  const malformed = [
    ...[
      "",
      "/8",
      "10.0.0.0",
      "10.0.0.0/",
      "10.0.0.0/x",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/8/8",
      "10.0.0/8",
    ],
    ...["010.0.0.0/8", "256.0.0.0/8", "x/8", "::/129", "fd00:::/64", "1::2::3/128", "12345::/16", "g::/16"],
    ...["1:2:3:4:5:6:7/112", "fe80::1%eth0/64"],
  ];
  for (const text of malformed) {
    it(`refuse ${JSON.stringify(text)}`, () => assert.equal(parseInterfaceAddress(text), undefined));
  }

  it("have no bit set beyond their length; an interface's address may", () => {
    for (const [text, network] of [
      ["10.244.1.0/16", "10.244.0.0/16"],
      ["fd00::1/64", "fd00::/64"],
      ["10.0.0.1/31", "10.0.0.0/31"],
    ] as const) {
      assert.equal(parseCidr(text), undefined);
      assert.equal(formatCidr(parseInterfaceAddress(text)!), text);
      assert.equal(formatCidr(networkOf(parseInterfaceAddress(text)!)), network);
    }
  });
});
