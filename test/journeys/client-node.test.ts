/**
 * What programs do with objects through the JavaScript client of Kubernetes: typed and generic clients, patches, lists in
 * pages, watches, informers. What it does in running pods is in client-node-streams.test.ts.
 */
import assert from "node:assert/strict";
import type { KubernetesObject, V1ConfigMap, V1Deployment } from "@kubernetes/client-node";
import { useLab } from "./lab.ts";

type Client = typeof import("@kubernetes/client-node");

const NAMESPACE = "default";

describe("journey: client-node", function () {
  this.timeout(60_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 1 }] });
  let k8s: Client;
  let config: InstanceType<Client["KubeConfig"]>;
  let core: InstanceType<Client["CoreV1Api"]>;
  let apps: InstanceType<Client["AppsV1Api"]>;

  before(async () => {
    // 100 MB and half a second: for this journey alone.
    k8s = await import("@kubernetes/client-node");
    config = new k8s.KubeConfig();
    config.loadFromFile(context.lab.paths.kubeconfig);
    core = config.makeApiClient(k8s.CoreV1Api);
    apps = config.makeApiClient(k8s.AppsV1Api);
  });

  const configMap = (name: string, data: Record<string, string> = { key: "value" }): V1ConfigMap => ({
    metadata: { name, labels: { by: "client-node" } },
    data,
  });
  const make = (name: string, data?: Record<string, string>) =>
    core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap(name, data) });
  const code = (work: Promise<unknown>) =>
    work.then(
      () => assert.fail("it was accepted"),
      (error: { code: number }) => error.code,
    );

  it("creates, reads, replaces and deletes, and tells apart what went wrong", async () => {
    const made = await make("typed");
    assert.ok(made.metadata!.creationTimestamp instanceof Date);
    const read = await core.readNamespacedConfigMap({ namespace: NAMESPACE, name: "typed" });
    assert.deepEqual(read.data, { key: "value" });
    const body = { ...read, data: { key: "replaced" } };
    await core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "typed", body });
    assert.equal(
      await code(core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "typed", body })),
      409,
    );
    assert.equal(await code(make("typed")), 409);
    assert.equal(await code(make("Not_A_Name")), 422);
    await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "typed" });
    assert.equal(await code(core.readNamespacedConfigMap({ namespace: NAMESPACE, name: "typed" })), 404);
  });

  it("lists in pages, by label and field", async () => {
    await Promise.all(["l1", "l2", "l3", "l4", "l5"].map(name => make(name)));
    const names: string[] = [];
    let _continue: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        namespace: NAMESPACE,
        labelSelector: "by=client-node",
        limit: 2,
        ...(_continue && { _continue }),
      });
      assert.ok(page.items.length <= 2);
      names.push(...page.items.map(({ metadata }) => metadata!.name!));
      _continue = page.metadata!._continue;
    } while (_continue);
    assert.deepEqual(names, ["l1", "l2", "l3", "l4", "l5"]);
    const one = await core.listConfigMapForAllNamespaces({ fieldSelector: "metadata.name=l3" });
    assert.deepEqual(
      one.items.map(({ metadata }) => metadata!.name),
      ["l3"],
    );
    await core.deleteCollectionNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: "by=client-node" });
  });

  it("patches in all four ways", async () => {
    await make("patched");
    const patch = (body: object, type: string, more: object = {}) =>
      core.patchNamespacedConfigMap(
        { namespace: NAMESPACE, name: "patched", body, ...more },
        k8s.setHeaderOptions("Content-Type", type),
      );
    await patch([{ op: "add", path: "/data/json", value: "1" }], k8s.PatchStrategy.JsonPatch);
    await patch({ data: { merge: "2" } }, k8s.PatchStrategy.MergePatch);
    await patch({ data: { strategic: "3", key: null } }, k8s.PatchStrategy.StrategicMergePatch);
    const applied = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "patched" },
      data: { applied: "4" },
    };
    const result = await patch(applied, k8s.PatchStrategy.ServerSideApply, { fieldManager: "journey" });
    assert.deepEqual(result.data, { json: "1", merge: "2", strategic: "3", applied: "4" });
    const owner = result.metadata!.managedFields!.find(({ manager }) => manager === "journey");
    assert.equal(owner?.operation, "Apply");
  });

  it("finds any kind by itself (KubernetesObjectApi)", async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const spec = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "generic", namespace: NAMESPACE },
    };
    await objects.create({ ...spec, spec: { holderIdentity: "me" } } as KubernetesObject);
    const read = await objects.read(
      spec as KubernetesObject & { metadata: { name: string; namespace: string } },
    );
    assert.equal((read as { spec?: { holderIdentity?: string } }).spec?.holderIdentity, "me");
    await objects.delete(spec as KubernetesObject);
  });

  it("watches: what comes, changes and goes, from where a list ended", async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace: NAMESPACE });
    const seen: string[] = [];
    const stream = new Events<string>();
    const query = { resourceVersion: metadata!.resourceVersion, allowWatchBookmarks: true };
    const watching = await new k8s.Watch(config).watch(
      `/api/v1/namespaces/${NAMESPACE}/configmaps`,
      query,
      (type, object) => stream.push(`${type} ${object.metadata.name}`),
      () => {},
    );
    await make("watched");
    await core.patchNamespacedConfigMap(
      { namespace: NAMESPACE, name: "watched", body: { data: { key: "other" } } },
      k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
    );
    await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "watched" });
    while (seen.length < 3) seen.push(await stream.next());
    watching.abort();
    assert.deepEqual(seen, ["ADDED watched", "MODIFIED watched", "DELETED watched"]);
  });

  it("informs: a cache that follows, also over a restart of the control plane", async () => {
    const informer = k8s.makeInformer(config, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, () =>
      apps.listNamespacedDeployment({ namespace: NAMESPACE }),
    );
    const stream = new Events<string>();
    for (const event of ["add", "update", "delete"] as const) {
      informer.on(event, (object: V1Deployment) => stream.push(`${event} ${object.metadata!.name}`));
    }
    // As its documentation has it: an error ends it, and it is started again.
    informer.on("error", () => void restart());
    const restart = async (): Promise<void> => {
      await informer.start().catch(restart);
    };
    const until = async (wanted: string) => {
      while ((await stream.next()) !== wanted);
    };
    const labels = { app: "informed" };
    const body: V1Deployment = {
      metadata: { name: "informed" },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "pause", image: "pause" }] } },
      },
    };
    await informer.start();
    await apps.createNamespacedDeployment({ namespace: NAMESPACE, body });
    await until("add informed");
    await until("update informed");
    const restarted = context.lab.restarted("control-plane");
    await context.lab.kill("control-plane");
    await restarted;
    await apps.deleteNamespacedDeployment({ namespace: NAMESPACE, name: "informed" });
    await until("delete informed");
    assert.equal(informer.get("informed", NAMESPACE), undefined);
    await informer.stop();
  });
});

/** Events, awaited one by one. */
class Events<T> {
  readonly #events: T[] = [];
  #wake: () => void = () => {};

  push(event: T): void {
    this.#events.push(event);
    this.#wake();
  }

  async next(): Promise<T> {
    while (this.#events.length === 0) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.#events.shift()!;
  }
}
