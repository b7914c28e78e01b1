/** Address text against RFC 5952's examples, and against the parsers and formatters that Node has. */
import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { familyOf, formatAddress, formatMac, mapped, parseAddress, parseMac } from "./address.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

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
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["10.244.1.2", "10.244.1.2"],
  ];
  for (const [given, expected] of canonical) {
    it(`writes ${given} as ${expected}`, () => assert.equal(formatAddress(parseAddress(given)!), expected));
  }

  it("tells the families apart by length, and maps IPv4 into IPv6", () => {
    const bytes = parseAddress("10.0.0.1")!;
    assert.equal(familyOf(bytes), 4);
    assert.equal(familyOf(parseAddress("::ffff:10.0.0.1")!), 6);
    assert.deepEqual(mapped(bytes), parseAddress("::ffff:10.0.0.1"));
    assert.deepEqual(mapped(parseAddress("fd00::1")!), parseAddress("fd00::1"));
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
    for (const text of [...wrong, ...wrongIpv4]) assert.equal(parseAddress(text), undefined, text);
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
        return (parseAddress(text)?.length ?? 0) === (isIPv4(text) ? 4 : isIPv6(text) ? 16 : 0);
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
        const text = formatAddress(bytes);
        assert.deepEqual(parseAddress(text), bytes);
        if (!text.startsWith("::ffff:")) assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
      }),
    );
  });

  it("reads back every IPv4 address that it writes", () => {
    const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(fc.property(four, bytes => assert.deepEqual(parseAddress(formatAddress(bytes)), bytes)));
  });

  it("writes and reads MACs", () => {
    const mac = parseMac("02:00:5E:00:53:fe")!;
    assert.deepEqual([...mac], [2, 0, 0x5e, 0, 0x53, 0xfe]);
    assert.equal(formatMac(mac), "02:00:5e:00:53:fe");
    assert.equal(parseMac("02:00:5e:00:53"), undefined);
    assert.equal(parseMac("02:00:5e:00:53:0g"), undefined);
  });
});
