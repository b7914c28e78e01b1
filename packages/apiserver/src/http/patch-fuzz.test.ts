/** Patches of every type, well formed, damaged and hostile: each is answered with a proper code and a Status. */
import assert from "node:assert/strict";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { one, randomHistory, type Subject } from "../testing/histories/history.ts";
import { subjects } from "../testing/histories/subjects.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const REQUESTS = 600;
const TYPES = ["json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"];
const PROPER = [200, 201, 400, 404, 409, 413, 415, 422];

const nested = (open: string, close: string) => open.repeat(20_000) + close.repeat(20_000);
const HOSTILE = [
  "",
  "null",
  "[]",
  "1",
  '"x"',
  "{",
  "\u0000",
  "{}",
  "[null]",
  "[[]]",
  nested("[", "]"),
  `${nested('{"a":', "}").replace(/:}/, ":1}")}`,
  "- ".repeat(20_000),
  Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
  `a: &a [x,x,x,x,x,x,x,x]\n${"bcdefg"
    .split("")
    .map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at]},`.repeat(8)}]`)
    .join("\n")}`,
  "a: 1\na: 2",
  "? {x: y}\n: z",
  "--- a\n--- b",
  "!!js/function 'x'",
  JSON.stringify({ metadata: { __proto__: 1, constructor: { prototype: {} } } }),
  '{"__proto__":{"polluted":true},"metadata":{"labels":{"__proto__":"x"}}}',
  JSON.stringify(Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "x" }))),
];

describe("malformed patches", function () {
  this.timeout(120_000);
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const seed = testSeed();
  for (const subject of subjects) {
    it(`${subject.kind}: get a Status (PODWIRE_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      const collection = subject.collection.replace("NAMESPACE", "default");
      const object = { ...subject.base, apiVersion: subject.apiVersion, kind: subject.kind };
      const made = await server.call("POST", collection, { ...object, metadata: { name: "web" } });
      assert.equal(made.code, 201);
      for (let at = 0; at < REQUESTS; at++) {
        const body = at < HOSTILE.length * TYPES.length ? HOSTILE[at >> 2]! : damaged(subject, random);
        const type = at < HOSTILE.length * TYPES.length ? TYPES[at % 4]! : one(TYPES, random);
        const query = type.startsWith("apply") ? "?fieldManager=fuzz&force=true" : "";
        const headers = { "content-type": `application/${type}` };
        const answer = await server.call("PATCH", `${collection}/web${query}`, body, headers);
        const what = `${type} ${body.slice(0, 300)} -> ${JSON.stringify(answer.body).slice(0, 300)}`;
        assert.ok(PROPER.includes(answer.code), `${answer.code}: ${what}`);
        assert.equal(answer.body.kind, answer.code < 300 ? subject.kind : "Status", what);
      }
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    });
  }
});

/** The body of some write, with a few of its bytes changed, left out or said twice. */
function damaged(subject: Subject, random: Random): string {
  const { writes } = randomHistory(subject, "web", 2, random);
  let body = writes[1]!.body;
  for (let count = random(4); count > 0; count--) {
    const at = random(body.length + 1);
    const until = Math.min(body.length, at + random(6));
    const instead = one(
      ["", "{", "}", "[", "]", '"', ":", ",", "null", "1e999", "$", body.slice(at, until).repeat(2)],
      random,
    );
    body = body.slice(0, at) + instead + body.slice(until);
  }
  return body;
}
