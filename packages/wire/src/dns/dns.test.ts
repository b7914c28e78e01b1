/** DNS messages: bytes as they are on the wire, there and back, and bytes that are no message. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom, testSeed } from "../testing/random.ts";
import {
  addressOfReverseName,
  FLAG,
  HEADER_BYTES,
  MessageWriter,
  parseQuery,
  type Query,
  RCODE,
  type Refusal,
  type ResourceRecord,
  readMessage,
  readName,
  recordOf,
  TYPE,
} from "./index.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const HEADER = "1234 0100 0001 0000 0000 0000";
const WWW = "03777777 076578616d706c65 00";

function written(question: Uint8Array, records: readonly ResourceRecord[], limit = 65_535): Uint8Array {
  const writer = new MessageWriter(new Uint8Array(65_535));
  writer.begin(1, question, limit);
  for (const record of records) writer.record("answer", record);
  return writer.finish(FLAG.response, RCODE.noError);
}

describe("DNS queries", () => {
  it("are read with their EDNS", () => {
    const query = parseQuery(
      hex(`${HEADER.slice(0, -4)}0001 03575757 ${WWW.slice(9)} 001c 0001 00 0029 04d0 0000 8000 0000`),
    );
    assert.deepEqual(query, {
      id: 0x1234,
      flags: 0x0100,
      name: "www.example",
      type: TYPE.AAAA,
      class: 1,
      questionEnd: 29,
      edns: { udpBytes: 1232, version: 0, dnssecOk: true },
    });
  });

  const refused = (bytes: string, rcode: number | undefined) => {
    const query = parseQuery(hex(bytes)) as Refusal | undefined;
    assert.equal(query?.rcode, rcode, bytes);
  };

  it("are refused when they are none, and no answer is answered", () => {
    refused("1234 0100 0001 0000 0000 00", undefined);
    refused(`1234 8100 0001 0000 0000 0000 ${WWW} 0001 0001`, undefined);
    refused(`1234 2800 0001 0000 0000 0000 ${WWW} 0006 0001`, RCODE.notImplemented);
    refused("1234 0100 0000 0000 0000 0000", RCODE.formatError);
    refused(`1234 0100 0002 0000 0000 0000 ${WWW} 0001 0001 ${WWW} 0001 0001`, RCODE.formatError);
    refused(`${HEADER} ${WWW} 0001`, RCODE.formatError);
    refused(`${HEADER} ${WWW} 0001 0001 00`, RCODE.formatError);
    refused(`${HEADER} c00c 0001 0001`, RCODE.formatError);
    refused(`${HEADER} c000 0001 0001`, RCODE.formatError);
    refused(`${HEADER} 0161 c000 0001 0001`, RCODE.formatError);
    refused(`${HEADER} 0161 c002 0001 0001`, RCODE.formatError);
    refused(`${HEADER} 40 0001 0001`, RCODE.formatError);
    const opt = "00 0029 04d0 0000 0000 0000";
    refused(`1234 0100 0001 0000 0000 0002 ${WWW} 0001 0001 ${opt} ${opt}`, RCODE.formatError);
    refused(`1234 0100 0001 0000 0000 0001 ${WWW} 0001 0001 0161 ${opt}`, RCODE.formatError);
    refused(`1234 0100 0001 0000 0000 ffff ${WWW} 0001 0001`, RCODE.formatError);
  });
});

describe("DNS names", () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
  const name = fc
    .array(label, { minLength: 1, maxLength: 6 })
    .filter(labels => labels.reduce((sum, each) => sum + each.length + 1, 1) <= 255);

  it("of any bytes come back as they were, through a record", () => {
    fc.assert(
      fc.property(name, labels => {
        const bytes = Uint8Array.from([...labels.flatMap(each => [each.length, ...each]), 0]);
        const text = readName(bytes, 0)!;
        const message = written(new Uint8Array(0), [
          { name: text, type: TYPE.CNAME, ttl: 1, data: { target: text } },
        ]);
        // Compared without regard to case, the second one is a pointer to the first.
        assert.equal(readName(message, HEADER_BYTES), text);
        assert.deepEqual(message.subarray(HEADER_BYTES, HEADER_BYTES + bytes.length), bytes);
        assert.equal(message.length, HEADER_BYTES + bytes.length + 10 + 2);
      }),
      { seed: testSeed() },
    );
  });

  it("of reverse zones have addresses", () => {
    assert.deepEqual([...addressOfReverseName("4.3.2.1.in-addr.arpa")!], [1, 2, 3, 4]);
    for (const text of [
      "3.2.1.in-addr.arpa",
      "04.3.2.1.in-addr.arpa",
      "256.3.2.1.in-addr.arpa",
      "in-addr.arpa",
    ]) {
      assert.equal(addressOfReverseName(text), undefined, text);
    }
    const address = addressOfReverseName(`${"0.".repeat(31)}f.ip6.arpa`)!;
    assert.deepEqual([...address], [0xf0, ...new Array(15).fill(0)]);
    assert.equal(addressOfReverseName(`${"0.".repeat(30)}f.ip6.arpa`), undefined);
  });

  it("that point at one another cost little", () => {
    // Each name is a pointer to the one before it.
    const bytes = new Uint8Array(16_000);
    for (let at = HEADER_BYTES + 2; at < bytes.length; at += 2) {
      bytes[at] = 0xc0 | ((at - 2) >> 8);
      bytes[at + 1] = (at - 2) & 255;
    }
    assert.equal(readName(bytes, 200), "");
    assert.equal(readName(bytes, 15_000), undefined);
    assert.equal(readName(hex("c000"), 0), undefined);
    assert.equal(readName(hex("0161c000"), 0), undefined);
  });
});

describe("DNS answers", () => {
  const question = hex(`03575757 ${WWW.slice(9)} 0001 0001`);
  const address = (name: string, last: number): ResourceRecord => ({
    name,
    type: TYPE.A,
    ttl: 30,
    data: Uint8Array.of(10, 0, 0, last),
  });

  it("keep the case of the question, and point at it", () => {
    const message = written(question, [address("www.example", 1), address("a.example", 2)]);
    assert.deepEqual(
      message,
      hex(
        `0001 8000 0001 0002 0000 0000 03575757 076578616d706c65 00 0001 0001
         c00c 0001 0001 0000001e 0004 0a000001
         0161 c010 0001 0001 0000001e 0004 0a000002`.replace(/\s/g, ""),
      ),
    );
  });

  it("have no pointer in SRV, and point into it", () => {
    const data = { priority: 0, weight: 50, port: 80, host: "b.example" };
    const message = written(question, [
      { name: "www.example", type: TYPE.SRV, ttl: 30, data },
      address("b.example", 3),
    ]);
    const { records } = readMessage(message)!;
    assert.equal(readName(message, records[0]!.dataAt + 6), "b.example");
    assert.equal(records[0]!.end - records[0]!.dataAt, 6 + 11);
    assert.equal(recordOf(message, records[1]!)!.name, "b.example");
    assert.equal(message[records[1]!.at]! & 0xc0, 0xc0);
  });

  it("hold what fits and nothing by half", () => {
    const records = Array.from({ length: 40 }, (_, i) => address(`host-${i}.example`, i));
    const whole = written(question, records);
    for (let limit = HEADER_BYTES + question.length; limit <= whole.length; limit++) {
      const message = written(question, records, limit);
      assert.ok(message.length <= limit);
      const view = readMessage(message)!;
      assert.equal(view.records.at(-1)?.end ?? view.questionEnd, message.length);
    }
  });

  it("come back as they were written", () => {
    const records: ResourceRecord[] = [
      { name: "WWW.example", type: TYPE.CNAME, ttl: 5, data: { target: "other.example" } },
      address("other.example", 9),
      { name: "other.example", type: TYPE.AAAA, ttl: 7, data: new Uint8Array(16).fill(3) },
    ];
    const message = written(question, records);
    const view = readMessage(message)!;
    assert.equal(view.name, "WWW.example");
    assert.deepEqual(
      view.records.map(record => recordOf(message, record)),
      records,
    );
  });

  it("and queries that were changed anyhow are read or refused, and never throw", () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const soa = {
      server: "ns.example",
      mailbox: "x.example",
      serial: 1,
      refresh: 2,
      retry: 3,
      expire: 4,
      minimum: 5,
    };
    const answer = written(question, [
      address("www.example", 1),
      { name: "example", type: TYPE.SOA, ttl: 1, data: soa },
      { name: "www.example", type: TYPE.TXT, ttl: 1, data: { text: "1.1.0" } },
    ]);
    const query = hex(`1234 0100 0001 0000 0000 0001 ${WWW} 0001 0001 00 0029 04d0 0000 0000 0000`);
    let read = 0;
    for (let round = 0; round < 100_000; round++) {
      const bytes = (round % 2 === 0 ? query : answer).slice();
      for (let change = 0; change <= random(4); change++) bytes[random(bytes.length)] = random(256);
      const cut = bytes.subarray(0, random(8) === 0 ? random(bytes.length + 1) : bytes.length);
      const parsed = parseQuery(cut) as Query | undefined;
      if (parsed?.name !== undefined) read++;
      const view = readMessage(cut);
      for (const record of view?.records ?? []) recordOf(cut, record);
    }
    assert.ok(read > 1_000, `seed ${seed}: ${read} of them were queries`);
  });
});
