/** Address text against RFC 5952's examples, and against the parsers and formatters that Node has. */
import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import * as address from "./address.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

function parse(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(18).fill(0xee);
  const isParsed = address.parseAddress(text, bytes, 1);
  assert.ok(bytes[0] === 0xee && bytes[17] === 0xee, "wrote beyond its 16 bytes");
  if (!isParsed)
    assert.ok(
      bytes.every(byte => byte === 0xee),
      "wrote although it refused",
    );
  return isParsed ? bytes.slice(1, 17) : undefined;
}

describe("address text", () => {
  const canonical: [given: string, expected: string][] = [
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["fe80::", "fe80::"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["10.244.1.2", "10.244.1.2"],
  ];
  for (const [given, expected] of canonical) {
    it(`writes ${given} as ${expected}`, () =>
      assert.equal(address.formatAddress(parse(given)!, 0), expected));
  }

  it("keeps the prefix of a mapped address where IPv6 is asked for", () => {
    assert.equal(address.formatIpv6(parse("10.0.0.1")!, 0), "::ffff:10.0.0.1");
  });

  it("refuses what is no address", () => {
    const wrong = [
      "",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8::",
      "12345::",
    ];
    const wrongIpv4 = [
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.4 ",
      "::1.2.3",
      "1.2.3.4::",
      "fe80::1%eth0",
    ];
    for (const text of [...wrong, ...wrongIpv4]) assert.equal(parse(text), undefined, text);
  });

  it("takes what Node takes, and nothing else", () => {
    const piece = fc.constantFrom(
      "0",
      "1",
      "a",
      "ffff",
      "10",
      "255",
      "256",
      ":",
      "::",
      ".",
      "1.2.3.4",
      "00ab",
      "g",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), pieces => {
        const text = pieces.join("");
        return (parse(text) !== undefined) === (isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it("reads back every address that it writes, in the form that URLs have", () => {
    const sparse = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map(bytes => bytes.map(b => (b < 160 ? 0 : b)));
    fc.assert(
      fc.property(sparse, bytes => {
        const text = address.formatIpv6(bytes, 0);
        assert.deepEqual(parse(text), bytes);
        if (!address.isMapped(bytes, 0)) assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
      }),
    );
  });

  it("writes and reads IPv4 as numbers and as mapped bytes", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), number => {
        const text = address.formatIpv4(number);
        assert.equal(address.parseIpv4(text), number);
        assert.equal(address.mappedIpv4(parse(text)!, 0), number);
      }),
    );
  });

  it("writes and reads MACs", () => {
    const mac = address.parseMac("02:00:5E:00:53:fe")!;
    assert.deepEqual([...mac], [2, 0, 0x5e, 0, 0x53, 0xfe]);
    assert.equal(address.formatMac(mac, 0), "02:00:5e:00:53:fe");
    assert.equal(address.parseMac("02:00:5e:00:53"), undefined);
    assert.equal(address.parseMac("02:00:5e:00:53:0g"), undefined);
  });
});
