import assert from "node:assert/strict";
import { cidrSize, hostOf, overlaps, parseCidr } from "./cidr.ts";
import { closest, editDistance } from "./suggest.ts";

describe("CIDRs", () => {
  for (const text of [
    "10.0.0.0/8",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "::/0",
    "fd00::/8",
    "1:2:3:4:5:6:7:8/128",
  ]) {
    it(`reads ${text}`, () => assert(parseCidr(text)));
  }

  const wrong = [
    ...["10.0.0.0", "10.0.0.1/8", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/08", "010.0.0.0/8", "256.0.0.0/8"],
    ...[
      "fd00::1/64",
      "fd00:::/64",
      "::/129",
      "1::2::3/128",
      "12345::/16",
      "1:2:3:4:5:6:7/112",
      "g::/16",
      "/8",
      "",
    ],
  ];
  for (const text of wrong)
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseCidr(text), undefined));

  it("overlap is a matter of one family", () => {
    const cidr = (text: string) => parseCidr(text)!;
    assert(overlaps(cidr("10.0.0.0/8"), cidr("10.255.0.0/16")));
    assert(overlaps(cidr("10.255.0.0/16"), cidr("10.0.0.0/8")));
    assert(!overlaps(cidr("10.0.0.0/16"), cidr("10.1.0.0/16")));
    assert(!overlaps(cidr("0.0.0.0/0"), cidr("::/0")));
  });

  it("counts and names hosts", () => {
    assert.equal(cidrSize(parseCidr("172.30.0.0/16")!), 65536n);
    assert.equal(hostOf(parseCidr("172.30.0.0/16")!, 300), "172.30.1.44");
    assert.equal(hostOf(parseCidr("fd00:172:30::/64")!, 11), "fd00:172:30::b");
    assert.equal(hostOf(parseCidr("::/64")!, 0), "::");
    assert.equal(hostOf(parseCidr("1:0:0:2::/64")!, 1), "1:0:0:2::1");
    assert.equal(hostOf(parseCidr("1:2:3:4:5:0:7:0/112")!, 1), "1:2:3:4:5:0:7:1");
    assert.throws(() => hostOf(parseCidr("10.0.0.0/30")!, 4), RangeError);
  });
});

describe("did you mean", () => {
  it("counts insertions, deletions, replacements and swaps", () => {
    assert.equal(editDistance("nodes", "nodes"), 0);
    assert.equal(editDistance("lables", "labels"), 1);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });

  it("guesses what is near and nothing else", () => {
    assert.equal(closest("netwroking", ["networking", "underlay"]), "networking");
    assert.equal(closest("NODES", ["nodes"]), "nodes");
    assert.equal(closest("storage", ["networking", "underlay"]), undefined);
  });
});
