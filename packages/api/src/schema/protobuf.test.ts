/**
 * The protobuf decoder, against three judges: upstream's own examples of every kind (where Go can fetch them), an
 * encoder that is slow and obvious, and damage of all kinds, which must end in a DecodeError.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { selfSubjectReview } from "../authentication/self-subject-review.ts";
import { selfSubjectAccessReview } from "../authorization/self-subject-access-review.ts";
import { selfSubjectRulesReview } from "../authorization/self-subject-rules-review.ts";
import { scale } from "../autoscaling/scale.ts";
import { binding } from "../core/binding.ts";
import { deleteOptions } from "../core/meta.ts";
import { pod } from "../core/pod.ts";
import { secret } from "../core/secret.ts";
import { recordedEvent } from "../events/event.ts";
import { allKinds } from "../kinds/table.ts";
import { eviction } from "../policy/eviction.ts";
import { objectsOf } from "../testing/objects.ts";
import { delimited, encodeObject, envelope } from "../testing/protobuf-encoder.ts";
import { goModule, UPSTREAM_TEST_TIMEOUT_MS } from "../testing/upstream.ts";
import { DecodeError, decode } from "./decode.ts";
import { decodeProtobuf, openEnvelope } from "./protobuf.ts";
import { field, int64, list, map, type ObjectSchema, object, string } from "./schema.ts";

const seed = testSeed();

const bodies: readonly (readonly [string, ObjectSchema])[] = [
  ...allKinds.map(({ group, schema }) => [group || "core", schema] as const),
  ["core", binding],
  ["core", deleteOptions],
  ["policy", eviction],
  ["autoscaling", scale],
  ["authorization.k8s.io", selfSubjectAccessReview],
  ["authorization.k8s.io", selfSubjectRulesReview],
  ["authentication.k8s.io", selfSubjectReview],
  ["events.k8s.io", recordedEvent],
];

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

function example(folder: string, group: string, { name }: ObjectSchema, extension: string): Buffer {
  return readFileSync(join(folder, "testdata", "HEAD", `${group}.v1.${name}.${extension}`));
}

describe(`protobuf (PODWIRE_SEED=${seed})`, () => {
  it("reads upstream's example of every kind as upstream's JSON of it says", async function () {
    const folder = await goModule("k8s.io/api@v0.34.3");
    if (folder === undefined) return this.skip();
    assert(existsSync(join(folder, "testdata", "HEAD")));
    for (const [group, schema] of bodies) {
      const { apiVersion, kind, raw } = openEnvelope(example(folder, group, schema, "pb"));
      const json = JSON.parse(example(folder, group, schema, "json").toString()) as object;
      const expected = decode(schema, json);
      assert.deepEqual(expected.unknownFields, [], schema.name);
      const values = { apiVersion, kind, ...decodeProtobuf(schema, raw) };
      assert.deepEqual(plain(values), plain(expected.object), schema.name);
    }
  }).timeout(UPSTREAM_TEST_TIMEOUT_MS);

  for (const [group, schema] of bodies) {
    it(`reads back what was written: ${group} ${schema.name}`, () => {
      const property = fc.property(objectsOf(schema), value => {
        const bytes = envelope("v1", schema.name, encodeObject(schema, value));
        const opened = openEnvelope(bytes);
        assert.deepEqual(
          { ...opened, raw: undefined },
          { apiVersion: "v1", kind: schema.name, raw: undefined },
        );
        assert.deepEqual(plain(decodeProtobuf(schema, opened.raw)), value);
      });
      fc.assert(property, { seed, numRuns: 10 });
    });
  }

  it("leaves out what Go writes of fields that nobody set, and keeps the zeros that were", () => {
    const zeros = { hostNetwork: false, nodeName: "", priority: 0, automountServiceAccountToken: false };
    const written = encodeObject(pod, { metadata: { name: "" }, spec: zeros });
    assert.deepEqual(decodeProtobuf(pod, Uint8Array.from(written)), {
      metadata: {},
      spec: { priority: 0, automountServiceAccountToken: false },
    });
    // metadata: { creationTimestamp: {} }
    const noTime = Uint8Array.from(delimited(1, delimited(8, [])));
    assert.deepEqual(decodeProtobuf(pod, noTime), { metadata: {} });
  });

  it("merges a message that comes in pieces, and takes the last of a scalar", () => {
    const pieces = [{ metadata: { name: "a", uid: "u" } }, { metadata: { name: "b" } }];
    const bytes = Uint8Array.from(pieces.flatMap(piece => encodeObject(pod, piece)));
    assert.deepEqual(decodeProtobuf(pod, bytes), { metadata: { name: "b", uid: "u" } });
  });

  it("reads packed numbers, lists as values of maps, and unknown fields as nothing", () => {
    const odd = object("Odd", {
      numbers: field(1, list(int64), ""),
      extra: field(2, map(list(string)), ""),
    });
    const packed = [0x0a, 3, 1, 0xac, 0x02, 0x08, 7];
    const entry = delimited(2, [...delimited(1, [0x61]), ...delimited(2, [0x0a, 1, 0x78, 0x0a, 1, 0x79])]);
    const unknown = [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x25, 1, 2, 3, 4];
    const values = decodeProtobuf(odd, Uint8Array.from([...packed, ...entry, ...unknown]));
    assert.deepEqual(plain(values), { numbers: [1, 300, 7], extra: { a: ["x", "y"] } });
  });

  const refusals: [string, number[], RegExp][] = [
    ["a message that is cut short", [0x0a, 5, 1], /^unexpected EOF$/],
    ["an endless varint", [0x20, ...new Array<number>(11).fill(0xff)], /^proto: integer overflow$/],
    [
      "a number that a double cannot hold",
      delimited(1, [0x38, ...new Array<number>(7).fill(0xff), 0x7f]),
      /beyond 2\^53/,
    ],
    ["a negative length", [0x0a, ...new Array<number>(9).fill(0xff), 1], /^proto: negative length/],
    ["the field 0", [0x02, 0], /^proto: illegal tag 0/],
    ["a group", [0x23], /^proto: illegal wireType 3$/],
    [
      "text that is not UTF-8",
      delimited(1, delimited(1, [0xff])),
      /^proto: field name contains invalid UTF-8$/,
    ],
    ["JSON that is none", delimited(1, delimited(17, delimited(7, delimited(1, [0x7b])))), /^fieldsV1: /],
    [
      "a time beyond the calendar",
      delimited(1, delimited(8, [0x08, ...new Array<number>(6).fill(0xff), 1])),
      /year outside/,
    ],
  ];
  for (const [what, bytes, message] of refusals) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeProtobuf(pod, Uint8Array.from(bytes)),
        (error: Error) => error instanceof DecodeError && message.test(error.message),
      );
    });
  }

  it("refuses what is no envelope", () => {
    for (const text of ["", "{}", "k8s\0", "k8s\0\n"]) {
      assert.throws(() => openEnvelope(Buffer.from(text, "latin1")), DecodeError, text);
    }
  });

  it("encodes bytes of any length as base64", () => {
    const blob = Buffer.alloc(20_000, 7);
    const entry = delimited(2, [...delimited(1, [0x61]), ...delimited(2, [...blob])]);
    const values = decodeProtobuf(secret, Uint8Array.from(entry));
    assert.deepEqual(plain(values), { data: { a: blob.toString("base64") } });
  });

  it("ends damaged messages in a DecodeError and nothing worse", () => {
    const damaged = fc.tuple(
      objectsOf(pod),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.nat(),
    );
    const property = fc.property(damaged, ([value, changes, cut]) => {
      const bytes = envelope("v1", "Pod", encodeObject(pod, value));
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        decodeProtobuf(pod, openEnvelope(bytes.subarray(0, bytes.length - (cut % 3))).raw);
      } catch (error) {
        assert(error instanceof DecodeError, String(error));
      }
    });
    fc.assert(property, { seed, numRuns: 300 });
  }).timeout(60_000);
});
