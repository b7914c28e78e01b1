/**
 * Bodies in protobuf, as a kubectl 1.32 sent them, against a real server: they are read, and damaged ones are
 * refused as bad requests, whatever the damage.
 */
import assert from "node:assert/strict";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const PROTOBUF = { "content-type": "application/vnd.kubernetes.protobuf" };

/** `kubectl create deployment web --image=nginx --replicas=0` */
const DEPLOYMENT = Buffer.from(
  "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412ab010a1f0a0377656212001a0022002a003200380042005a0a0a0361" +
    "70701203776562127a0800120c0a0a0a0361707012037765621a600a1c0a0012001a0022002a003200380042005a0a0a03617070120377" +
    "6562124012220a056e67696e7812056e67696e782a0042006a007200800100880100900100a201001a00320042004a0052005800600068" +
    "008201008a01009a0100c2010022020a00280038001a0c0800100018002000280038001a002200",
  "hex",
);
/** `kubectl create namespace green` */
const NAMESPACE = Buffer.from(
  "6b3873000a0f0a02763112094e616d657370616365121d0a150a05677265656e12001a0022002a0032003800420012001a020a001a002200",
  "hex",
);
/** DeleteOptions { preconditions { uid: "other" } }, in the version that a client of apps/v1 gives it. */
const DELETE_OPTIONS = Buffer.from(
  "k8s\0\n\x18\n\x07apps/v1\x12\x0dDeleteOptions\x12\x09\x12\x07\n\x05other",
  "latin1",
);

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const seed = testSeed();

describe(`bodies in protobuf (PODWIRE_SEED=${seed})`, () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  it("are objects as their JSON would be", async () => {
    const { code, body } = await server.call(
      "POST",
      `${DEPLOYMENTS}?fieldValidation=Strict`,
      DEPLOYMENT,
      PROTOBUF,
    );
    assert.equal(code, 201);
    const json = {
      metadata: { name: "web2", labels: { app: "web" } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "nginx", image: "nginx" }] },
        },
      },
    };
    const { body: twin } = await server.call("POST", DEPLOYMENTS, json);
    assert.deepEqual({ ...body.spec }, { ...twin.spec });
    assert.deepEqual(body.metadata.labels, twin.metadata.labels);
    assert.equal(body.spec.replicas, 0);
  });

  it("are options of a deletion", async () => {
    await server.call("POST", DEPLOYMENTS, DEPLOYMENT, PROTOBUF);
    const { code, body } = await server.call("DELETE", `${DEPLOYMENTS}/web`, DELETE_OPTIONS, PROTOBUF);
    assert.equal(code, 409);
    assert.match(body.message, /Precondition failed: UID in precondition: other/);
  });

  it("of another kind are refused", async () => {
    const { code, body } = await server.call("POST", DEPLOYMENTS, NAMESPACE, PROTOBUF);
    assert.equal(code, 400);
    assert.equal(body.message, 'Namespace in version "v1" cannot be handled as a Deployment');
    const deletion = await server.call("DELETE", "/api/v1/namespaces/default", NAMESPACE, PROTOBUF);
    assert.equal(deletion.code, 400);
  });

  it("that are cut short, or no protobuf, are refused in upstream's words", async () => {
    const cut = await server.call("POST", DEPLOYMENTS, DEPLOYMENT.subarray(0, -1), PROTOBUF);
    assert.equal(cut.code, 400);
    assert.match(
      cut.body.message,
      /^the object provided is unrecognized \(must be of type Deployment\): unexpected EOF \(6b38/,
    );
    const json = await server.call("POST", DEPLOYMENTS, "{}", PROTOBUF);
    assert.equal(json.code, 400);
    assert.match(json.body.message, /expected prefix \[107 56 115 0\] \(7b7d\)$/);
    const inner = Buffer.from(DEPLOYMENT);
    inner[inner.indexOf("web") - 1] = 127;
    const { body } = await server.call("POST", DEPLOYMENTS, inner, PROTOBUF);
    assert.equal(
      body.message,
      'Deployment in version "v1" cannot be handled as a Deployment: unexpected EOF',
    );
  });

  it("in any other form are not read", async () => {
    const { code, body } = await server.call("POST", DEPLOYMENTS, "<a/>", { "content-type": "text/xml" });
    assert.equal(code, 415);
    assert.match(
      body.message,
      /accepted media types include: application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf/,
    );
  });

  it("with any damage are taken or refused, and nothing else happens", async () => {
    const random = seededRandom(seed);
    const outcomes = new Map<number, number>();
    for (let round = 0; round < 1_500; round++) {
      const [path, whole] =
        random(2) === 0 ? ([DEPLOYMENTS, DEPLOYMENT] as const) : (["/api/v1/namespaces", NAMESPACE] as const);
      const { code, body } = await server.call(
        "POST",
        `${path}?dryRun=All`,
        damaged(whole, random),
        PROTOBUF,
      );
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      assert([201, 400, 422].includes(code), `${code} ${JSON.stringify(body)}`);
    }
    assert(outcomes.get(400)! > 100, "damage is found");
    const { code } = await server.call("POST", DEPLOYMENTS, DEPLOYMENT, PROTOBUF);
    assert.equal(code, 201);
  }).timeout(60_000);
});

/** Bytes changed, removed, doubled or cut off behind the envelope's mark. */
function damaged(whole: Buffer, random: Random): Buffer {
  const at = 4 + random(whole.length - 4);
  const kind = random(4);
  if (kind === 0) return whole.subarray(0, at);
  if (kind === 1) return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
  if (kind === 2) return Buffer.concat([whole.subarray(0, at), whole.subarray(at - 2)]);
  const bytes = Buffer.from(whole);
  for (let count = 0; count < 3; count++) {
    bytes[4 + random(whole.length - 4)] = random(256);
  }
  return bytes;
}
