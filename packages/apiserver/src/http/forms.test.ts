/** What is sent and answered under another kind than what is stored; questions; orders about Pods. */
import assert from "node:assert/strict";
import { podManifest, startTestServer, type TestServer, take, watchLines } from "../testing/test-server.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const SCALE = `${DEPLOYMENTS}/web/scale`;
const PODS = "/api/v1/namespaces/default/pods";
const CORE_EVENTS = "/api/v1/namespaces/default/events";
const EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events";
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const MERGE = { "content-type": "application/merge-patch+json" };
const APPLY = { "content-type": "application/apply-patch+yaml" };

const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "x" }] },
};
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template },
};

describe("forms of stored objects", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  describe("the Scale of a Deployment", () => {
    beforeEach(async () => {
      assert.equal((await server.call("POST", DEPLOYMENTS, deployment)).code, 201);
    });

    it("is read, as itself and as a row", async () => {
      const { body } = await server.call("GET", SCALE);
      const { metadata } = (await server.call("GET", `${DEPLOYMENTS}/web`)).body;
      const { uid, resourceVersion, creationTimestamp } = metadata;
      assert.deepEqual(body, {
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        metadata: { name: "web", namespace: "default", uid, resourceVersion, creationTimestamp },
        spec: { replicas: 2 },
        status: { replicas: 0, selector: "app=web" },
      });
      const table = await server.call("GET", SCALE, undefined, TABLE);
      assert.deepEqual(table.body.rows[0].cells.slice(0, 3), ["web", 2, 0]);
      const missing = await server.call("GET", `${DEPLOYMENTS}/none/scale`);
      assert.deepEqual([missing.code, missing.body.message], [404, 'deployments.apps "none" not found']);
    });

    it("is put: the replicas change, a generation begins, nothing else is touched", async () => {
      const { body: scale } = await server.call("GET", SCALE);
      const changed = {
        ...scale,
        spec: { replicas: 5 },
        metadata: { ...scale.metadata, labels: { a: "b" } },
      };
      const put = await server.call("PUT", SCALE, changed);
      assert.deepEqual([put.code, put.body.kind, put.body.spec.replicas], [200, "Scale", 5]);
      const { body } = await server.call("GET", `${DEPLOYMENTS}/web`);
      assert.deepEqual(
        [body.spec.replicas, body.metadata.generation, body.metadata.labels],
        [5, 2, undefined],
      );
      const stale = await server.call("PUT", SCALE, changed);
      assert.deepEqual([stale.code, stale.body.reason], [409, "Conflict"]);
      const unconditional = { ...changed, metadata: { name: "web" }, spec: {} };
      assert.equal((await server.call("PUT", SCALE, unconditional)).code, 200);
      assert.equal((await server.call("GET", `${DEPLOYMENTS}/web`)).body.spec.replicas, 0);
    });

    it("is patched and applied; who does so owns the replicas", async () => {
      const patched = await server.call("PATCH", SCALE, { spec: { replicas: 3 } }, MERGE);
      assert.deepEqual([patched.code, patched.body.spec], [200, { replicas: 3 }]);
      const scale = {
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name: "web" },
        spec: { replicas: 7 },
      };
      const path = `${SCALE}?fieldManager=scaler`;
      const refused = await server.call("PATCH", path, scale, APPLY);
      assert.deepEqual([refused.code, refused.body.reason], [409, "Conflict"]);
      const forced = await server.call("PATCH", `${path}&force=true`, scale, APPLY);
      assert.deepEqual([forced.code, forced.body.spec], [200, { replicas: 7 }]);
      const { managedFields } = (await server.call("GET", `${DEPLOYMENTS}/web`)).body.metadata;
      const owner = managedFields.find((each: { manager: string }) => each.manager === "scaler");
      assert.deepEqual(
        [owner.subresource, owner.operation, owner.fieldsV1],
        ["scale", "Apply", { "f:spec": { "f:replicas": {} } }],
      );
    });

    it("refuses what it cannot be, in its own name", async () => {
      const { code, body } = await server.call("PATCH", SCALE, { spec: { replicas: -1 } }, MERGE);
      assert.deepEqual(
        [code, body.message],
        [
          422,
          'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        ],
      );
    });
  });

  it("Events have two names, and are stored once", async () => {
    const event = {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "web", namespace: "default" },
      reason: "Started",
      message: "it runs",
      type: "Normal",
      source: { component: "node", host: "n1" },
      count: 3,
      firstTimestamp: "2025-01-01T00:00:00Z",
      lastTimestamp: "2025-01-01T00:00:00Z",
    };
    assert.equal((await server.call("POST", CORE_EVENTS, event)).code, 201);
    const { body } = await server.call("GET", `${EVENTS}/e`);
    assert.deepEqual(
      [
        body.apiVersion,
        body.kind,
        body.note,
        body.regarding.name,
        body.deprecatedSource,
        body.deprecatedCount,
      ],
      ["events.k8s.io/v1", "Event", "it runs", "web", { component: "node", host: "n1" }, 3],
    );
    const list = async (query: string) => (await server.call("GET", `${EVENTS}?${query}`)).body;
    const found = await list("fieldSelector=regarding.name%3Dweb%2CreportingController%3D");
    assert.deepEqual(
      [found.kind, found.apiVersion, found.items.length],
      ["EventList", "events.k8s.io/v1", 1],
    );
    assert.equal((await list("fieldSelector=regarding.name%3Dother")).items.length, 0);
    const rows = async (path: string) =>
      (await server.call("GET", path, undefined, TABLE)).body.rows[0].cells;
    assert.deepEqual(await rows(EVENTS), await rows(CORE_EVENTS));
    const patched = await server.call("PATCH", `${EVENTS}/e`, { metadata: { labels: { a: "b" } } }, MERGE);
    assert.deepEqual([patched.code, patched.body.metadata.labels], [200, { a: "b" }]);
    assert.equal((await server.call("DELETE", `${EVENTS}/e`)).code, 200);
    assert.equal((await server.call("GET", `${CORE_EVENTS}/e`)).code, 404);
  });

  it("an Event of events.k8s.io is watched under either name, and validated by its own rules", async () => {
    const stop = new AbortController();
    const [asForm, asStored] = [EVENTS, CORE_EVENTS].map(path =>
      watchLines(`${server.url}${path}?watch=true&resourceVersion=1`, stop.signal),
    );
    const event = {
      metadata: { name: "e" },
      eventTime: "2025-01-01T00:00:00.000000Z",
      reportingController: "example.com/c",
      reportingInstance: "c-1",
      action: "Start",
      reason: "Started",
      regarding: { kind: "Pod", name: "web", namespace: "default" },
      note: "it runs",
      type: "Normal",
    };
    const invalid = await server.call("POST", EVENTS, { ...event, action: undefined, eventTime: undefined });
    assert.deepEqual(
      [invalid.code, invalid.body.message],
      [422, 'Event.events.k8s.io "e" is invalid: [eventTime: Required value, action: Required value]'],
    );
    const created = await server.call("POST", EVENTS, event);
    assert.deepEqual([created.code, created.body.note], [201, "it runs"]);
    const [seen] = await take(asForm!, 1);
    assert.deepEqual(
      [seen.type, seen.object.apiVersion, seen.object.note],
      ["ADDED", "events.k8s.io/v1", "it runs"],
    );
    const [stored] = await take(asStored!, 1);
    assert.deepEqual([stored.object.apiVersion, stored.object.message], ["v1", "it runs"]);
    stop.abort();
    const next = { ...created.body, series: { count: 2, lastObservedTime: "2025-01-01T00:01:00.000000Z" } };
    assert.equal((await server.call("PUT", `${EVENTS}/e`, next)).code, 200);
    const other = await server.call("PUT", `${EVENTS}/e`, {
      ...next,
      note: "other",
      metadata: { name: "e" },
    });
    assert.deepEqual([other.code, other.body.details.causes[0].field], [422, "note"]);
    const made = await server.call("PUT", `${EVENTS}/f`, { ...event, metadata: { name: "f" } });
    assert.deepEqual([made.code, made.body.metadata.name], [201, "f"]);
  });

  it("discovery says what is sent and answered, and what may be done", async () => {
    const { resources } = (await server.call("GET", "/apis/apps/v1")).body;
    const scale = resources.find((each: { name: string }) => each.name === "deployments/scale");
    assert.deepEqual(scale, {
      name: "deployments/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get", "patch", "update"],
    });
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const { items } = (await server.call("GET", "/apis", undefined, { accept })).body;
    const groups = items.map((each: { metadata: { name: string } }) => each.metadata.name);
    assert.deepEqual(groups.slice(0, 4), [
      "apps",
      "events.k8s.io",
      "authentication.k8s.io",
      "authorization.k8s.io",
    ]);
    const reviews = items[3].versions[0].resources;
    assert.deepEqual(reviews[0].verbs, ["create"]);
    // Where kubectl looks whether Pods can be evicted.
    const policy = await server.call("GET", "/apis/policy/v1");
    assert.deepEqual([policy.code, policy.body.resources], [200, []]);
    const core = (await server.call("GET", "/api/v1")).body.resources;
    const eviction = core.find((each: { name: string }) => each.name === "pods/eviction");
    assert.deepEqual([eviction.group, eviction.version, eviction.kind], ["policy", "v1", "Eviction"]);
  });

  it("questions are answered: who am I, may I, what may I", async () => {
    const ask = async (group: string, plural: string, kind: string, spec?: object) => {
      const body = { apiVersion: `${group}/v1`, kind, ...(spec && { spec }) };
      return server.call("POST", `/apis/${group}/v1/${plural}`, body);
    };
    const whoAmI = await ask("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview");
    assert.equal(whoAmI.code, 201);
    assert.ok(whoAmI.body.status.userInfo.groups.includes("system:masters"));
    const mayI = (spec: object) =>
      ask("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", spec);
    const allowed = await mayI({ resourceAttributes: { verb: "create", resource: "pods" } });
    assert.deepEqual([allowed.code, allowed.body.status.allowed], [201, true]);
    assert.equal((await mayI({})).code, 422);
    const rules = await ask("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", {
      namespace: "default",
    });
    assert.deepEqual(rules.body.status.resourceRules, [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]);
    const listed = await server.call("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    assert.equal(listed.code, 405);
  });

  it("evictions delete Pods, as their options say", async () => {
    await server.call("POST", PODS, podManifest("web"));
    const path = `${PODS}/web/eviction`;
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web" } };
    const dry = await server.call("POST", path, { ...eviction, deleteOptions: { dryRun: ["All"] } });
    assert.deepEqual([dry.code, dry.body.status], [201, "Success"]);
    const stale = await server.call("POST", path, {
      ...eviction,
      deleteOptions: { preconditions: { uid: "x" } },
    });
    assert.equal(stale.code, 409);
    const other = await server.call("POST", path, { ...eviction, metadata: { name: "other" } });
    assert.equal(other.code, 400);
    const older = await server.call("POST", path, { ...eviction, apiVersion: "policy/v1beta1" });
    assert.equal(older.code, 201);
    assert.equal((await server.call("GET", `${PODS}/web`)).code, 404);
    assert.equal((await server.call("POST", path, eviction)).code, 404);
  });

  it("Bindings are made at the Pod or beside it", async () => {
    for (const name of ["a", "b"]) await server.call("POST", PODS, podManifest(name));
    const body = (name: string) => ({
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name },
      target: { name: "n" },
    });
    assert.equal((await server.call("POST", `${PODS}/a/binding`, body("a"))).code, 201);
    assert.equal((await server.call("POST", "/api/v1/namespaces/default/bindings", body("b"))).code, 201);
    const { items } = (await server.call("GET", `${PODS}?fieldSelector=spec.nodeName%3Dn`)).body;
    assert.equal(items.length, 2);
  });
});
