/**
 * The codec against protobufjs, which reads the same proto file: whatever one of them encodes, the other
 * decodes to the same message. And bytes that are no message end in MalformedMessage, never in anything else.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import protobuf from "protobufjs";
import * as contract from "./index.ts";
import { concatenateBatch, MalformedMessage, MessageType, ToNode, ToNodeBatch } from "./index.ts";

const packageDirectory = join(dirname(fileURLToPath(import.meta.url)), "..");
const proto = join(packageDirectory, "../../proto/podwire/v1/node.proto");
const oracle = new protobuf.Root().loadSync(proto);
const seed = testSeed();

const types = Object.values(contract as Record<string, unknown>).filter(each => each instanceof MessageType);

type Values = Record<string, unknown>;

const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  string: fc.string({ unit: "binary", maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes)),
  bool: fc.boolean(),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.maxSafeNat(),
};

/** Any message of a type, in the codec's shape. */
function anyMessage(type: protobuf.Type): fc.Arbitrary<Values> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fieldsArray) if (!field.partOf) shape[field.name] = anyField(field);
  for (const oneof of type.oneofsArray) {
    const cases = oneof.fieldsArray.map(field =>
      fc.record({ case: fc.constant(field.name), value: anyField(field) }, { noNullPrototype: true }),
    );
    shape[oneof.name] = fc.oneof(fc.constant({ case: undefined }), ...cases);
  }
  return fc.record(shape, { noNullPrototype: true });
}

function anyField(field: protobuf.Field): fc.Arbitrary<unknown> {
  const one = SCALARS[field.type] ?? anyMessage(field.resolve().resolvedType as protobuf.Type);
  if (field.map) return fc.dictionary(fc.string({ maxLength: 4 }), one, { noNullPrototype: true });
  return field.repeated ? fc.array(one, { maxLength: 3 }) : one;
}

/** The same message as protobufjs spells it: without a wrapper around the chosen case of a oneof. */
function spelledForOracle(type: protobuf.Type, message: Values): Values {
  const values: Values = {};
  const put = (field: protobuf.Field, value: unknown): void => {
    const inner = SCALARS[field.type] ? undefined : (field.resolvedType as protobuf.Type);
    const one = (each: unknown) => (inner ? spelledForOracle(inner, each as Values) : each);
    values[field.name] = Array.isArray(value) && field.repeated ? value.map(one) : one(value);
  };
  for (const field of type.fieldsArray) if (!field.partOf) put(field, message[field.name]);
  for (const oneof of type.oneofsArray) {
    const chosen = message[oneof.name] as { case?: string; value: unknown };
    if (chosen.case !== undefined) put(type.fields[chosen.case]!, chosen.value);
  }
  return values;
}

describe(`node contract (PODWIRE_SEED=${seed})`, () => {
  it("has a committed codec that is what the proto file generates", () => {
    const generated = execFileSync(process.execPath, [
      join(packageDirectory, "scripts/generate.mjs"),
      "--stdout",
    ]);
    const committed = readFileSync(join(packageDirectory, "src/gen/node.ts"), "utf8");
    assert.equal(committed, generated.toString(), "run `npm run generate -w packages/protocol`");
    assert.equal(types.length, messageCount());
  });

  for (const type of types) {
    it(`${type.name} is the same to protobufjs`, () => {
      const theirs = oracle.lookupType(`podwire.v1.${type.name}`);
      const property = fc.property(anyMessage(theirs), message => {
        const ours = type.encode(message);
        assert.deepStrictEqual(type.decode(ours), message);
        const through = theirs.encode(theirs.decode(ours)).finish();
        assert.deepStrictEqual(type.decode(through), message);
        const fromThem = theirs.encode(theirs.fromObject(spelledForOracle(theirs, message))).finish();
        assert.deepStrictEqual(type.decode(fromThem), message);
      });
      fc.assert(property, { seed, numRuns: 60 });
    });
  }

  it("refuses damaged bytes by name and nothing worse", () => {
    const theirs = oracle.lookupType("podwire.v1.ToNodeBatch");
    const cut = fc.tuple(
      anyMessage(theirs),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    );
    const property = fc.property(cut, ([message, length, changes]) => {
      const bytes = Buffer.from(ToNodeBatch.encode(message as unknown as ToNodeBatch));
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      try {
        ToNodeBatch.decode(bytes.subarray(0, length % (bytes.length + 1)));
      } catch (error) {
        assert(error instanceof MalformedMessage, String(error));
        assert.match(error.message, /^ToNodeBatch: /);
      }
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  it("skips fields of a newer contract", () => {
    const unknown = Buffer.from([
      0xf8, 0x06, 0x2a, 0xfa, 0x06, 0x02, 1, 2, 0xf9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    const bytes = Buffer.concat([unknown, contract.PeerGone.encode({ name: "node-1" }), unknown]);
    assert.deepStrictEqual(contract.PeerGone.decode(bytes), { name: "node-1" });
  });

  it("concatenates encoded messages into a batch", () => {
    const messages: ToNode[] = [
      { revision: 7, message: { case: "pod", value: Buffer.alloc(300, "x") } },
      { revision: 0, message: { case: "snapshotBegin", value: {} } },
      { revision: 2 ** 40, message: { case: "peerGone", value: { name: "node-2" } } },
    ];
    const batch = concatenateBatch(messages.map(message => ToNode.encode(message)));
    assert.deepStrictEqual(batch, ToNodeBatch.encode({ messages }));
    assert.deepStrictEqual(ToNodeBatch.decode(batch), { messages });
  });
});

function messageCount(): number {
  const declared = (oracle.lookup("podwire.v1") as protobuf.Namespace).nestedArray;
  return declared.filter(each => each instanceof protobuf.Type).length;
}
