/** Endpoints in a whole control plane: beside the scheduler, the collectors and the Service kubernetes. */
import assert from "node:assert/strict";
import { type EndpointSlice, kinds, type Pod } from "@podwire/api";
import { TestControlPlane } from "../testing/control-plane.ts";
import { SERVICE_NAME, SKIP_MIRROR } from "./names.ts";

describe("endpoints in a control plane", function () {
  this.timeout(20_000);
  let plane: TestControlPlane;
  beforeEach(async () => {
    plane = await TestControlPlane.start();
  });
  afterEach(() => plane.stop());

  /** Resolves with the slices of a Service when they are as wanted, now or after a change. */
  async function slicesOf(
    service: string,
    wanted: (slices: EndpointSlice[]) => boolean,
  ): Promise<EndpointSlice[]> {
    const { items, revision } = await plane.registry.list(kinds.endpointSlices);
    const slices = new Map(items.map(({ object }) => [object.metadata.name, object]));
    const ofService = () =>
      [...slices.values()].filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === service);
    const watch = plane.registry.watch(kinds.endpointSlices, { afterRevision: revision });
    try {
      while (!wanted(ofService())) {
        for (const { type, stored } of (await watch.next()) ?? []) {
          const { object } = stored;
          if (type === "DELETED") slices.delete(object.metadata.name);
          else slices.set(object.metadata.name, object);
        }
      }
      return ofService();
    } finally {
      watch.close();
    }
  }

  async function addPod(name: string, ip: string): Promise<void> {
    const ref = { namespace: "default", name };
    const spec = { containers: [{ name: "main", image: "agnhost" }], nodeName: "node-1" };
    await plane.registry.create(kinds.pods, { metadata: { ...ref, labels: { app: "web" } }, spec });
    const status = { phase: "Running", podIPs: [{ ip }], conditions: [{ type: "Ready", status: "True" }] };
    const run = (copy: Pod) => void Object.assign(copy, { status });
    await plane.registry.mutate(kinds.pods, ref, run, { subresource: "status" });
  }

  it("follow Pods, and go with their Service", async () => {
    await plane.registry.create(kinds.nodes, { metadata: { name: "node-1" }, spec: {} });
    const metadata = { namespace: "default", name: "web" };
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }], ipFamilies: ["IPv4"] } as const;
    await plane.registry.create(kinds.services, { metadata, spec } as never);
    await addPod("web-1", "10.244.0.2");
    await addPod("web-2", "10.244.0.3");
    await slicesOf("web", slices => slices.flatMap(({ endpoints }) => endpoints ?? []).length >= 2);
    await plane.until(kinds.endpoints, metadata, found => found?.subsets?.[0]?.addresses?.length === 2);
    await plane.registry.delete(kinds.services, metadata);
    await slicesOf("web", slices => slices.length === 0);
    await plane.until(kinds.endpoints, metadata, found => found === undefined);
  });

  it("of the Service kubernetes are its keeper's: one slice, and Endpoints that agree and are not mirrored", async () => {
    const ref = { namespace: "default", name: "kubernetes" };
    const kept = await plane.until(kinds.endpoints, ref, found => found !== undefined);
    await plane.registry.mutate(kinds.endpoints, ref, copy => {
      copy.metadata.labels = {};
    });
    const isKept = (labels: Record<string, string> | undefined) => labels?.[SKIP_MIRROR] === "true";
    await plane.until(kinds.endpoints, ref, found => isKept(found?.metadata.labels));
    const [slice] = await slicesOf("kubernetes", slices => slices.length === 1);
    const [subset] = kept!.subsets!;
    assert.deepEqual(
      slice!.endpoints![0]!.addresses,
      subset!.addresses!.map(({ ip }) => ip),
    );
    assert.equal(slice!.ports![0]!.port, subset!.ports![0]!.port);
    assert.equal(slice!.metadata.name, "kubernetes");
  });
});
