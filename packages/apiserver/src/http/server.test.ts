/** The server as clients see it: real HTTP, every answer a Status when it is not an object. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { BODY_MAX_BYTES } from "../limits.ts";
import {
  adminFetch,
  adminTls,
  podManifest,
  startTestServer,
  type TestServer,
} from "../testing/test-server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

describe("HTTP server", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  it("creates, gets, lists, updates, deletes", async () => {
    const created = await server.call("POST", PODS, podManifest("web"));
    assert.equal(created.code, 201);
    assert.equal(created.body.metadata.namespace, "default");
    const got = await server.call("GET", `${PODS}/web`);
    assert.deepEqual([got.code, got.body], [200, created.body]);
    const list = await server.call("GET", PODS);
    assert.deepEqual(
      [list.body.kind, list.body.apiVersion, list.body.items],
      ["PodList", "v1", [created.body]],
    );
    assert.equal((await server.call("GET", "/api/v1/pods")).body.items.length, 1);
    const change = structuredClone(created.body);
    change.metadata.labels = { a: "b" };
    const updated = await server.call("PUT", `${PODS}/web`, change);
    assert.deepEqual([updated.code, updated.body.metadata.labels], [200, { a: "b" }]);
    const stale = await server.call("PUT", `${PODS}/web`, change);
    assert.deepEqual([stale.code, stale.body.reason], [409, "Conflict"]);
    const deleted = await server.call("DELETE", `${PODS}/web`);
    assert.deepEqual([deleted.code, deleted.body.kind], [200, "Pod"]);
    const gone = await server.call("GET", `${PODS}/web`);
    assert.deepEqual(gone.body, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'pods "web" not found',
      reason: "NotFound",
      details: { name: "web", kind: "pods" },
      code: 404,
    });
  });

  it("answers an invalid object with the causes", async () => {
    const manifest = podManifest("web", { restartPolicy: "Sometimes" });
    const { code, body } = await server.call("POST", PODS, manifest);
    assert.equal(code, 422);
    assert.equal(
      body.message,
      'Pod "web" is invalid: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    );
    assert.deepEqual(body.details, {
      name: "web",
      kind: "Pod",
      causes: [
        {
          reason: "FieldValueNotSupported",
          message: 'Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
          field: "spec.restartPolicy",
        },
      ],
    });
  });

  it("warns of unknown fields, or refuses them, as the client asks", async () => {
    const manifest = podManifest("web", { colour: "blue" });
    const strict = await server.call("POST", `${PODS}?fieldValidation=Strict`, manifest);
    assert.deepEqual([strict.code, strict.body.reason], [400, "BadRequest"]);
    assert.match(strict.body.message, /strict decoding error: unknown field "spec.colour"$/);
    const warned = await server.call("POST", PODS, manifest);
    assert.equal(warned.code, 201);
    assert.equal(warned.headers.get("warning"), '299 - "unknown field \\"spec.colour\\""');
  });

  it("keeps warnings to what headers can carry, and clients take", async () => {
    const write = (fields: object) => server.call("POST", `${PODS}?dryRun=All`, podManifest("web", fields));
    const foreign = await write({ größe: 1, "a\nb": 1 });
    assert.equal(foreign.code, 201);
    const sent = Buffer.from(foreign.headers.get("warning")!, "latin1").toString();
    assert.equal(sent, '299 - "unknown field \\"spec.größe\\""');
    const names = Array.from({ length: 10_000 }, (_, at) => [`${"x".repeat(300)}${at}`, 1]);
    const many = await write(Object.fromEntries(names));
    assert.equal(many.code, 201);
    const lengths = many.headers
      .get("warning")!
      .split(", ")
      .map(each => each.length);
    assert.deepEqual(new Set(lengths), new Set(['299 - ""'.length + 256 + 1]));
    assert.equal(lengths.length, 16);
  });

  it("finds no object, and no other namespace, by an empty part of a path or one with a slash", async () => {
    await server.call("POST", PODS, podManifest("web"));
    const paths = ["//pods", "//pods/web", "/%2F/pods", "/default%2Fpods/web", "/default/pods/a%2Fb"];
    for (const path of paths) {
      const { code } = await server.call("GET", `/api/v1/namespaces${path}`);
      assert.equal(code, 404, path);
    }
  });

  const BAD: readonly [string, string, string, unknown, Record<string, string>, number, RegExp][] = [
    ["malformed JSON", "POST", PODS, "{nope", {}, 400, /json parse error/],
    ["an empty body", "POST", PODS, undefined, {}, 400, /a Pod is expected/],
    ["a list for an object", "POST", PODS, [], {}, 400, /cannot unmarshal array/],
    ["another kind", "POST", PODS, { kind: "Node", apiVersion: "v1" }, {}, 400, /must be of type Pod/],
    [
      "another namespace",
      "POST",
      PODS,
      { metadata: { namespace: "x", name: "a" } },
      {},
      400,
      /does not match the namespace/,
    ],
    [
      "another name",
      "PUT",
      `${PODS}/a`,
      { metadata: { name: "b" } },
      {},
      400,
      /does not match the name on the URL/,
    ],
    ["an unknown content type", "POST", PODS, "x", { "content-type": "text/x" }, 415, /accepted media types/],
    ["an unknown patch type", "PATCH", `${PODS}/a`, "{}", { "content-type": "text/x" }, 415, /merge-patch/],
    [
      "an unacceptable Accept",
      "GET",
      PODS,
      undefined,
      { accept: "image/png" },
      406,
      /media types are accepted/,
    ],
    [
      "a namespace that is not there",
      "POST",
      "/api/v1/namespaces/x/pods",
      podManifest("a"),
      {},
      404,
      /namespaces "x" not found/,
    ],
    ["an unknown kind", "GET", "/api/v1/pears", undefined, {}, 404, /could not find the requested resource/],
    ["an unknown path", "GET", "/nothing", undefined, {}, 404, /could not find/],
    ["an unknown subresource", "GET", `${PODS}/a/peel`, undefined, {}, 404, /could not find/],
    ["a method that is not there", "PUT", PODS, {}, {}, 405, /does not allow this method/],
    [
      "creating in no namespace",
      "POST",
      "/api/v1/pods",
      podManifest("a"),
      {},
      405,
      /does not allow this method/,
    ],
    [
      "a broken label selector",
      "GET",
      `${PODS}?labelSelector=a%20b`,
      undefined,
      {},
      400,
      /unable to parse requirement/,
    ],
    [
      "an unknown field selector",
      "GET",
      `${PODS}?fieldSelector=a=b`,
      undefined,
      {},
      400,
      /field label not supported: a/,
    ],
    ["a broken limit", "GET", `${PODS}?limit=-1`, undefined, {}, 422, /limit: Invalid value: "-1"/],
    [
      "a broken resourceVersion",
      "GET",
      `${PODS}?resourceVersion=x`,
      undefined,
      {},
      422,
      /resourceVersion: Invalid value/,
    ],
    ["a broken continue", "GET", `${PODS}?continue=x`, undefined, {}, 400, /continue key is not valid/],
    [
      "a match without a version",
      "GET",
      `${PODS}?resourceVersionMatch=Exact`,
      undefined,
      {},
      422,
      /forbidden unless resourceVersion/,
    ],
    [
      "initial events without a match",
      "GET",
      `${PODS}?watch=1&sendInitialEvents=true`,
      undefined,
      {},
      422,
      /NotOlderThan/,
    ],
    [
      "an exec without an upgrade",
      "GET",
      `${PODS}/a/exec?command=x`,
      undefined,
      {},
      400,
      /Upgrade request required/,
    ],
    // kubectl create quota
    [
      "creating an object of an unknown kind",
      "POST",
      "/api/v1/namespaces/default/resourcequotas",
      "{}",
      {},
      404,
      /could not find the requested resource/,
    ],
    ["a write to discovery", "POST", "/apis/apps/v1", "{}", {}, 405, /does not allow this method/],
    ["broken percent-encoding", "GET", "/api/v1/namespaces/%ff/pods", undefined, {}, 400, /percent-encoded/],
  ];
  for (const [what, method, path, body, headers, code, message] of BAD) {
    it(`refuses ${what} with ${code}`, async () => {
      const answer = await server.call(method, path, body, headers);
      assert.equal(answer.code, code, JSON.stringify(answer.body));
      assert.deepEqual([answer.body.kind, answer.body.code], ["Status", code]);
      assert.match(answer.body.message, message);
    });
  }

  it("refuses a body that is too large, said or unsaid", async () => {
    const large = "x".repeat(BODY_MAX_BYTES + 1);
    const said = await server.call("POST", PODS, large);
    assert.deepEqual([said.code, said.body.reason], [413, "RequestEntityTooLarge"]);
    const init = { method: "POST", body: Readable.from([Buffer.from(large)]) };
    assert.equal((await adminFetch(server.url + PODS, init)).status, 413);
  });

  it("answers what is not HTTP with a Status, too", async () => {
    const socket = connect({ ...adminTls(), port: Number(new URL(server.url).port), host: "127.0.0.1" });
    socket.end("nonsense\r\n\r\n");
    assert.match(await text(socket), /^HTTP\/1\.1 400 Bad Request[\s\S]*"reason":"BadRequest"/);
  });

  it("patches: merge and JSON patch, with the object's own rules", async () => {
    await server.call("POST", PODS, podManifest("web"));
    const patch = (type: string, body: unknown, part = "") =>
      server.call("PATCH", `${PODS}/web${part}`, body, { "content-type": `application/${type}+json` });
    const merged = await patch("merge-patch", { metadata: { labels: { a: "b", c: null } } });
    assert.deepEqual([merged.code, merged.body.metadata.labels], [200, { a: "b" }]);
    const operations = [
      { op: "test", path: "/metadata/labels/a", value: "b" },
      { op: "add", path: "/metadata/labels/d", value: "e" },
    ];
    assert.deepEqual((await patch("json-patch", operations)).body.metadata.labels, { a: "b", d: "e" });
    const failed = await patch("json-patch", [{ op: "test", path: "/metadata/labels/a", value: "z" }]);
    assert.equal(failed.code, 422);
    assert.equal((await patch("merge-patch", { spec: { hostNetwork: true } })).code, 422);
    assert.equal((await patch("merge-patch", { metadata: { resourceVersion: "1" } })).code, 409);
    const status = await patch("merge-patch", { status: { phase: "Running" } }, "/status");
    assert.deepEqual([status.code, status.body.status.phase], [200, "Running"]);
  });

  it("binds a Pod through its subresource", async () => {
    await server.call("POST", PODS, podManifest("web"));
    const binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "web" },
      target: { kind: "Node", name: "n1" },
    };
    const bound = await server.call("POST", `${PODS}/web/binding`, binding);
    assert.deepEqual([bound.code, bound.body.status], [201, "Success"]);
    assert.equal((await server.call("GET", `${PODS}/web`)).body.spec.nodeName, "n1");
    assert.equal((await server.call("POST", `${PODS}/web/binding`, binding)).code, 409);
  });

  it("deletes a collection, by selector", async () => {
    for (const name of ["a", "b", "c"]) {
      await server.call("POST", PODS, {
        ...podManifest(name),
        metadata: { name, labels: { keep: String(name === "b") } },
      });
    }
    const deleted = await server.call("DELETE", `${PODS}?labelSelector=keep=false`);
    assert.deepEqual([deleted.body.kind, deleted.body.items.length], ["PodList", 2]);
    assert.deepEqual(
      (await server.call("GET", PODS)).body.items.map(
        (pod: { metadata: { name: string } }) => pod.metadata.name,
      ),
      ["b"],
    );
  });

  it("shows Tables and bare metadata", async () => {
    await server.call("POST", PODS, podManifest("web"));
    const { body } = await server.call("GET", PODS, undefined, TABLE);
    assert.equal(body.kind, "Table");
    assert.deepEqual(
      body.columnDefinitions
        .filter((each: { priority: number }) => each.priority === 0)
        .map((each: { name: string }) => each.name),
      ["Name", "Ready", "Status", "Restarts", "Age"],
    );
    assert.deepEqual(body.rows[0].cells.slice(0, 4), ["web", "0/1", "Pending", "0"]);
    assert.equal(body.rows[0].object.kind, "PartialObjectMetadata");
    const whole = await server.call("GET", `${PODS}?includeObject=Object`, undefined, TABLE);
    assert.equal(whole.body.rows[0].object.kind, "Pod");
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const metadata = await server.call("GET", PODS, undefined, { accept });
    assert.equal(metadata.body.kind, "PartialObjectMetadataList");
    assert.deepEqual(Object.keys(metadata.body.items[0]), ["kind", "apiVersion", "metadata"]);
  });

  it("tells what there is: discovery, version, health", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const aggregated = await server.call("GET", "/api", undefined, { accept });
    assert.equal(aggregated.headers.get("content-type"), accept.split(",")[0]);
    const resources = aggregated.body.items[0].versions[0].resources;
    assert.deepEqual(resources.map((each: { resource: string }) => each.resource).sort(), [
      "bindings",
      "configmaps",
      "endpoints",
      "events",
      "namespaces",
      "nodes",
      "pods",
      "secrets",
      "serviceaccounts",
      "services",
    ]);
    assert.deepEqual((await server.call("GET", "/api")).body.versions, ["v1"]);
    const { groups } = (await server.call("GET", "/apis")).body;
    assert.ok(groups.some((each: { name: string }) => each.name === "apps"));
    const names = (await server.call("GET", "/api/v1")).body.resources.map(
      (each: { name: string }) => each.name,
    );
    for (const name of [
      "pods",
      "pods/status",
      "pods/binding",
      "pods/log",
      "pods/exec",
      "nodes/status",
      "namespaces/finalize",
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.match((await server.call("GET", "/version")).body.gitVersion, /^v1\.34\./);
    assert.equal((await server.call("GET", "/readyz")).body, "ok");
    const { paths } = (await server.call("GET", "/")).body;
    for (const path of ["/api/v1", "/apis/apps/v1", "/openapi/v3", "/readyz"])
      assert.ok(paths.includes(path), path);
    assert.ok(!paths.some((path: string) => path.includes("apiextensions")));
  });

  // Without this list kubectl 1.32 says "failed to check CRD" of a kind that is not there, and leaves the rest of the file.
  it("has no custom resources, and says so when asked", async () => {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const { code, body } = await server.call("GET", path);
    assert.deepEqual([code, body.kind, body.items], [200, "CustomResourceDefinitionList", []]);
  });

  it("waits for a revision that a client has heard of already", async () => {
    const { revision } = server.registry;
    const early = server.call("GET", `${PODS}?resourceVersion=${revision + 1}`);
    await server.call("POST", PODS, podManifest("web"));
    assert.equal((await early).body.items.length, 1);
    const exact = await server.call("GET", `${PODS}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
    assert.equal(exact.body.items.length, 0);
    await server.store.compact(server.store.revision);
    const gone = await server.call("GET", `${PODS}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
    assert.deepEqual([gone.code, gone.body.reason], [410, "Expired"]);
  });

  it("says how a taken port can be dealt with", async () => {
    const port = Number(new URL(server.url).port);
    await assert.rejects(server.server.listen(port, "127.0.0.1"));
    const other = await startTestServer();
    await other.server.close();
    await assert.rejects(
      other.server.listen(port, "127.0.0.1"),
      /port \d+ of 127\.0\.0\.1 is in use.*choose another port/,
    );
    await other.store.close();
  });
});
