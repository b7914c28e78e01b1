/** The Lease of a node over a real registry. */
import assert from "node:assert/strict";
import { kinds, type Lease } from "@podwire/api";
import { openMemoryStore } from "@podwire/store";
import { openRegistry } from "../registry/open.ts";
import { NodeLease } from "./node-lease.ts";

describe("node lease", () => {
  it("is made for the node, renewed every ten seconds of heartbeats, and again for a new Node of the name", async () => {
    const store = openMemoryStore();
    const registry = await openRegistry(store);
    const watch = registry.watch(kinds.leases, { afterRevision: registry.revision });
    const log: string[] = [];
    const next = async (): Promise<Lease> => (await watch.next())![0]!.stored.object;
    try {
      const lease = new NodeLease(registry, message => log.push(message));
      const startMs = Date.UTC(2030, 0, 1);
      for (let ms = 0; ms < 10_000; ms += 1_000) lease.heard({ name: "a", uid: "uid-a" }, startMs + ms);
      const first = await next();
      assert.equal(first.metadata.namespace, "kube-node-lease");
      assert.deepEqual(first.metadata.ownerReferences, [
        { apiVersion: "v1", kind: "Node", name: "a", uid: "uid-a" },
      ]);
      assert.deepEqual(first.spec, {
        holderIdentity: "a",
        leaseDurationSeconds: 40,
        renewTime: "2030-01-01T00:00:00.000000Z",
      });
      lease.heard({ name: "a", uid: "uid-a" }, startMs + 10_000);
      assert.equal((await next()).spec.renewTime, "2030-01-01T00:00:10.000000Z");
      new NodeLease(registry, message => log.push(message)).heard(
        { name: "a", uid: "uid-b" },
        startMs + 11_000,
      );
      assert.equal((await next()).metadata.ownerReferences?.[0]?.uid, "uid-b");
      assert.deepEqual(log, []);
    } finally {
      watch.close();
      await store.close();
    }
  });
});
