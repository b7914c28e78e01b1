/** The flat tables against their slow, obvious twin: a list of rows, searched from end to end. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { contains, formatAddress, isIpv4, maskWord, parseAddress, parseCidr, type Words } from "./address.ts";
import { PeerFlag, peerFlags, peerMacHigh, peerMacLow, peerUnderlayMtu } from "./peers.ts";
import { buildTables, Tables } from "./tables.ts";
import { HOST_TARGET, TargetKind, target, targetIndex, targetKind, targetKindName } from "./target.ts";

interface Row {
  readonly words: Words;
  readonly bits: number;
  readonly target: number;
}

/** Few distinct words, so that prefixes nest and addresses hit them. */
const word: fc.Arbitrary<number> = fc.constantFrom(
  0,
  1,
  -1,
  0x0af40000,
  0x0af40100,
  0x0af40102,
  0xffff,
  -0x80000000,
);
const anyWords: fc.Arbitrary<Words> = fc.tuple(word, word, word, word);
const ipv4Words: fc.Arbitrary<Words> = word.map(last => [0, 0, 0xffff, last]);
const words: fc.Arbitrary<Words> = fc.oneof(anyWords, ipv4Words);
const anyTarget = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 9 }))
  .map(([kind, index]) => target(kind, index));
const exactRow = fc.record({ words, target: anyTarget });
const prefixRow = fc
  .record({ words, bits: fc.constantFrom(0, 8, 16, 56, 64, 96, 104, 112, 120, 127, 128), target: anyTarget })
  .map(({ words, bits, target }) => ({
    words: words.map((part, index) => part & maskWord(bits, index)) as unknown as Words,
    bits,
    target,
  }));

function distinct<T extends { words: Words; bits?: number }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map(row => [`${row.words}/${row.bits}`, row])).values()];
}

function slowRoute(routes: readonly Row[], address: Words): number {
  const holding = routes.filter(row => contains(row, address)).sort((one, other) => other.bits - one.bits);
  return holding[0]?.target ?? TargetKind.outside;
}

function tablesOf(addresses: readonly { words: Words; target: number }[], routes: readonly Row[]): Tables {
  return new Tables(
    buildTables({
      revision: 7,
      vni: 42,
      underlayMtu: 1500,
      mac: Uint8Array.of(2, 1, 2, 3, 4, 5),
      addresses,
      routes,
      peers: [],
    }),
  );
}

describe("Tables", () => {
  it("look up as the slow twin does", () => {
    fc.assert(
      fc.property(fc.array(exactRow), fc.array(prefixRow), fc.array(words), (exact, prefixes, asked) => {
        const addresses = distinct(exact);
        const routes = distinct(prefixes);
        const tables = tablesOf(addresses, routes);
        for (const address of [
          ...asked,
          ...addresses.map(row => row.words),
          ...routes.map(row => row.words),
        ]) {
          const exactly =
            addresses.find(row => row.words.every((part, at) => part === address[at]))?.target ?? 0;
          const byPrefix = slowRoute(routes, address);
          assert.equal(tables.address(...address), exactly);
          assert.equal(tables.prefix(...address), byPrefix);
          assert.equal(tables.route(...address), exactly || byPrefix);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keep header and peers", () => {
    const tables = new Tables(
      buildTables({
        revision: 7,
        vni: 42,
        underlayMtu: 1500,
        mac: Uint8Array.of(2, 1, 0xff, 3, 4, 5),
        hostIpv4: parseAddress("10.244.0.1")!,
        hostIpv6: parseAddress("fd00::1")!,
        addresses: [],
        routes: [],
        peers: [
          {
            index: 2,
            mac: Uint8Array.of(2, 0, 0, 0, 0, 9),
            underlayMtu: 9000,
            remoteChecksumOffload: true,
            outerIpv6: false,
          },
          {
            index: 4,
            mac: Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0, 9),
            underlayMtu: 1500,
            remoteChecksumOffload: false,
            outerIpv6: true,
          },
        ],
      }),
    );
    assert.deepEqual(
      [tables.revision, tables.vni, tables.underlayMtu, tables.hasHostIpv4, tables.hasHostIpv6],
      [7, 42, 1500, true, true],
    );
    assert.deepEqual([tables.macHigh, tables.macLow], [0x0201, 0xff030405 | 0]);
    assert.equal(formatAddress([0, 0, 0xffff, tables.hostIpv4]), "10.244.0.1");
    assert.equal(formatAddress(tables.hostIpv6), "fd00::1");
    assert.deepEqual(
      [0, 1, 3, 5, 4095].map(index => tables.peer(index)),
      [-1, -1, -1, -1, -1],
    );
    const row = tables.peer(4);
    assert.equal(peerFlags(tables.words, row), PeerFlag.present | PeerFlag.outerIpv6);
    assert.equal(peerFlags(tables.words, tables.peer(2)), PeerFlag.present | PeerFlag.remoteChecksumOffload);
    assert.deepEqual(
      [peerMacHigh(tables.words, row), peerMacLow(tables.words, row)],
      [0xfeff, 0xffff0009 | 0],
    );
    assert.equal(peerUnderlayMtu(tables.words, row), 1500);
  });

  it("refuse a buffer that is something else", () => {
    assert.throws(() => new Tables(new SharedArrayBuffer(128)), /buildTables/);
  });
});

describe("addresses as words", () => {
  it("come back as text", () => {
    const texts = [
      "10.244.0.1",
      "255.255.255.255",
      "0.0.0.0",
      "::",
      "::1",
      "fd00:10:244::1",
      "2001:db8::1:0:0:1",
    ];
    for (const text of texts) assert.equal(formatAddress(parseAddress(text)!), text);
    fc.assert(fc.property(anyWords, words => assert.deepEqual(parseAddress(formatAddress(words)), words)));
  });

  it("tell the families apart", () => {
    assert.ok(isIpv4(parseAddress("1.2.3.4")!));
    assert.ok(!isIpv4(parseAddress("::1")!));
  });

  it("refuse malformed CIDRs", () => {
    for (const text of [
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0.1/24",
      "fd00::/129",
      "fd00::1/64",
      "x/8",
      "10.0.0.0/08",
      "/8",
    ]) {
      assert.equal(parseCidr(text), undefined, text);
    }
    assert.equal(parseCidr("10.244.0.0/16")!.bits, 112);
    assert.equal(parseCidr("fd00:10:244::/56")!.bits, 56);
    assert.equal(parseCidr("0.0.0.0/0")!.bits, 96);
  });
});

describe("targets", () => {
  it("hold kind and index", () => {
    const one = target(TargetKind.peer, 4095);
    assert.deepEqual(
      [targetKind(one), targetIndex(one), targetKindName(one)],
      [TargetKind.peer, 4095, "peer"],
    );
    assert.deepEqual([targetKind(HOST_TARGET), targetIndex(HOST_TARGET)], [TargetKind.host, 0]);
  });
});
