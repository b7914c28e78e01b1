/**
 * The conventions that hold for whatever is stored, asked of every kind over HTTP: `dryRun` on each verb, generations,
 * names that the server makes, preconditions, bookmarks, and lists in pages over a collection that changes meanwhile.
 */
import assert from "node:assert/strict";
import { type Kind, kinds } from "@podwire/api";
import { openMemoryStore } from "@podwire/store";
import { openRegistry } from "../registry/open.ts";
import { realSurroundings } from "../registry/surroundings.ts";
import { startTestServer, type TestServer, take, watchLines } from "../testing/test-server.ts";

const labels = { app: "web" };
const template = {
  metadata: { labels },
  spec: { containers: [{ name: "main", image: "agnhost" }], restartPolicy: "Always" },
};
const selector = { matchLabels: labels };

interface Sample {
  readonly fields?: object;
  /** Changes what the generation counts, as a merge patch. */
  readonly change?: object;
  /** Changes what it does not count; of a Deployment annotations count, of an EndpointSlice labels. */
  readonly touch?: object;
  /** The name, where not any will do. */
  name?(number: number): string;
}

const SAMPLES: { readonly [kind in keyof typeof kinds]: Sample } = {
  namespaces: {},
  nodes: { fields: { spec: {} } },
  pods: {
    fields: { spec: template.spec },
    change: { spec: { activeDeadlineSeconds: 100 } },
  },
  events: { fields: { involvedObject: { kind: "Pod", namespace: "default", name: "web" } } },
  services: { fields: { spec: { clusterIP: "None", ports: [{ port: 80 }], selector: labels } } },
  endpoints: { fields: { subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }] } },
  configMaps: { fields: { data: { key: "value" } } },
  secrets: { fields: { data: { key: "dmFsdWU=" } } },
  serviceAccounts: {},
  deployments: { fields: { spec: { selector, template } }, change: { spec: { replicas: 3 } } },
  replicaSets: { fields: { spec: { selector, template } }, change: { spec: { replicas: 3 } } },
  statefulSets: {
    fields: { spec: { serviceName: "web", selector, template } },
    change: { spec: { replicas: 3 } },
  },
  daemonSets: { fields: { spec: { selector, template } }, change: { spec: { minReadySeconds: 3 } } },
  controllerRevisions: { fields: { revision: 1, data: { spec: {} } } },
  jobs: {
    fields: {
      spec: { template: { spec: { ...template.spec, restartPolicy: "Never" } } },
    },
    change: { spec: { parallelism: 3 } },
  },
  endpointSlices: {
    fields: { addressType: "IPv4", endpoints: [{ addresses: ["10.1.2.3"] }], ports: [{ port: 80 }] },
    change: { endpoints: [{ addresses: ["10.1.2.4"] }] },
    touch: { metadata: { annotations: { touched: "yes" } } },
  },
  networkPolicies: { fields: { spec: { podSelector: {} } }, change: { spec: { podSelector: selector } } },
  ingresses: {
    fields: { spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } } },
    change: { spec: { defaultBackend: { service: { name: "web", port: { number: 81 } } } } },
  },
  ingressClasses: { fields: { spec: { controller: "example.test/a" } } },
  ipAddresses: {
    fields: { spec: { parentRef: { resource: "services", namespace: "default", name: "web" } } },
    name: number => `10.1.2.${number % 250}`,
  },
  serviceCIDRs: { fields: { spec: { cidrs: ["10.9.0.0/24"] } } },
  leases: { fields: { spec: { holderIdentity: "a", leaseDurationSeconds: 10 } } },
};

const TOUCH = { metadata: { labels: { touched: "yes" } } };
const MERGE = { "content-type": "application/merge-patch+json" };

function collectionOf({ group, version, plural, namespaced }: Kind): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? "/namespaces/default" : ""}/${plural}`;
}

describe("every kind", () => {
  let server: TestServer;
  let count = 0;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  for (const [key, sample] of Object.entries(SAMPLES)) {
    const kind = kinds[key as keyof typeof kinds] as Kind;
    const collection = collectionOf(kind);
    const { fields = {}, change, touch = TOUCH } = sample;
    let name: string;
    const object = () => ({ metadata: { name }, ...structuredClone(fields) });

    describe(kind.kind, () => {
      // What was deleted may be kept by a finalizer, whose controller is not here.
      beforeEach(() => {
        name = sample.name?.(++count) ?? `sample-${++count}`;
      });

      it("dryRun on each verb: answered as if, and nothing is stored", async () => {
        const dry = `${collection}?dryRun=All`;
        const before = server.store.revision;
        const made = await server.call("POST", dry, object());
        assert.equal(made.code, 201, JSON.stringify(made.body));
        assert.ok(made.body.metadata.uid);
        assert.equal(server.store.revision, before);
        const stored = (await server.call("POST", collection, object())).body;
        const written = server.store.revision;
        const one = `${collection}/${name}?dryRun=All`;
        const touched = {
          ...stored,
          metadata: { ...stored.metadata, labels: { ...stored.metadata.labels, ...TOUCH.metadata.labels } },
        };
        const put = await server.call("PUT", one, touched);
        assert.deepEqual([put.code, put.body.metadata?.labels?.touched], [200, "yes"]);
        const patched = await server.call("PATCH", one, TOUCH, MERGE);
        assert.deepEqual([patched.code, patched.body.metadata?.labels?.touched], [200, "yes"]);
        assert.ok([200, 202].includes((await server.call("DELETE", one, { gracePeriodSeconds: 0 })).code));
        if (kind.verbs.includes("deletecollection")) {
          assert.equal((await server.call("DELETE", dry)).code, 200);
        }
        assert.equal(server.store.revision, written);
        assert.deepEqual((await server.call("GET", `${collection}/${name}`)).body, stored);
      });

      it("a generation for changes of the spec alone, where it has one", async () => {
        const path = `${collection}/${name}`;
        const first = (await server.call("POST", collection, object())).body.metadata.generation;
        assert.equal(first, kind.generationOf ? 1 : undefined);
        const touched = await server.call("PATCH", path, touch, MERGE);
        assert.equal(touched.body.metadata.generation, first);
        if (change === undefined) return;
        const changed = await server.call("PATCH", path, change, MERGE);
        assert.equal(changed.body.metadata?.generation, 2, JSON.stringify(changed.body));
        const again = await server.call("PATCH", path, change, MERGE);
        assert.equal(again.body.metadata.generation, 2);
      });

      it("deletes the object that was meant, and updates the version that was seen", async () => {
        const path = `${collection}/${name}`;
        const { metadata } = (await server.call("POST", collection, object())).body;
        await server.call("PATCH", path, TOUCH, MERGE);
        const stale = { ...object(), metadata: { ...metadata } };
        assert.equal((await server.call("PUT", path, stale)).code, 409);
        for (const wrong of [{ uid: "another" }, { resourceVersion: metadata.resourceVersion }]) {
          const refused = await server.call("DELETE", path, { preconditions: wrong });
          assert.equal(refused.code, 409, JSON.stringify(refused.body));
          assert.match(refused.body.message, /Precondition failed/);
        }
        const right = await server.call("DELETE", path, {
          preconditions: { uid: metadata.uid },
          gracePeriodSeconds: 0,
        });
        assert.ok([200, 202].includes(right.code), JSON.stringify(right.body));
      });
    });
  }

  it("watches that asked for it hear where they are before their time is up", async () => {
    const lines = watchLines(
      `${server.url}/api/v1/configmaps?watch=true&resourceVersion=${server.store.revision}&allowWatchBookmarks=true&timeoutSeconds=2`,
    );
    const first = take(lines, 1);
    const { body } = await server.call("POST", "/api/v1/namespaces/default/secrets", {
      metadata: { generateName: "elsewhere-" },
    });
    const [bookmark] = await first;
    assert.deepEqual([bookmark.type, bookmark.object.kind], ["BOOKMARK", "ConfigMap"]);
    const { resourceVersion } = bookmark.object.metadata;
    assert.ok(Number(resourceVersion) <= Number(body.metadata.resourceVersion));
    await lines.return(undefined);
  });

  it("a list in pages is of one moment, however the collection changes, and 410 once that is history", async () => {
    const path = "/api/v1/namespaces/pages/configmaps";
    await server.call("POST", "/api/v1/namespaces", { metadata: { name: "pages" } });
    const put = (name: string) => server.call("POST", path, { metadata: { name } });
    for (let number = 0; number < 25; number++) await put(`before-${String(number).padStart(2, "0")}`);
    const names: string[] = [];
    const revisions = new Set<string>();
    let more = "";
    do {
      const page = await server.call("GET", `${path}?limit=4${more}`);
      assert.equal(page.code, 200);
      names.push(...page.body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      revisions.add(page.body.metadata.resourceVersion);
      more = page.body.metadata.continue ? `&continue=${page.body.metadata.continue}` : "";
      await put(`after-${names.length}`);
      await server.call("DELETE", `${path}/before-${String(24 - names.length / 4).padStart(2, "0")}`);
    } while (more !== "");
    assert.deepEqual(
      names,
      Array.from({ length: 25 }, (_, number) => `before-${String(number).padStart(2, "0")}`),
    );
    assert.equal(revisions.size, 1);
    const { body } = await server.call("GET", `${path}?limit=2`);
    await put("last");
    await server.store.compact(server.store.revision);
    const expired = await server.call("GET", `${path}?limit=2&continue=${body.metadata.continue}`);
    assert.deepEqual([expired.code, expired.body.reason], [410, "Expired"]);
    // As upstream: the way on from the next key, no longer of one moment.
    assert.ok(expired.body.metadata.continue);
    const onward = await server.call("GET", `${path}?limit=2&continue=${expired.body.metadata.continue}`);
    assert.equal(onward.code, 200);
  });
});

describe("generateName", () => {
  it("tries other names when one is taken, and gives up with AlreadyExists, asking to try again", async () => {
    let next = 0;
    const surroundings = { ...realSurroundings, random: (bound: number) => ((next / 5) % bound) | 0 };
    const registry = await openRegistry(openMemoryStore(), surroundings);
    const create = () =>
      registry.create(kinds.configMaps, { metadata: { generateName: "a-", namespace: "default" } } as never);
    const first = await create();
    await assert.rejects(create(), { code: 409, reason: "AlreadyExists" });
    next += 5;
    const second = await create();
    assert.notEqual(second.object.metadata.name, first.object.metadata.name);
  });
});
