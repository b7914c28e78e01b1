/** What the node remembers of Services, and whom it tells. */
import assert from "node:assert/strict";
import { EndpointSlice, Service } from "@podwire/protocol";
import { KnownServices } from "./services.ts";

const service = (name: string, fields: Partial<Service> = {}): Service => ({
  ...Service.decode(Buffer.alloc(0)),
  namespace: "default",
  name,
  ...fields,
});

const slice = (name: string, service: string, address: string): EndpointSlice => ({
  ...EndpointSlice.decode(Buffer.alloc(0)),
  namespace: "default",
  name,
  service,
  endpoints: [
    {
      addresses: [address],
      ready: true,
      serving: true,
      terminating: false,
      hostname: "web-0",
      nodeName: "node-1",
      zone: "a",
      forZones: ["a"],
      forNodes: [],
    },
  ],
});

describe("known Services", () => {
  it("gives back whole what it was told, until that is gone", () => {
    const known = new KnownServices();
    const web = service("web", { externalIps: ["192.0.2.1"], affinityTimeoutSeconds: 30 });
    known.set(web);
    known.setSlice(slice("web-1", "web", "10.244.1.2"));
    assert.deepEqual(known.get(web), web);
    assert.deepEqual(known.slicesOf(web), [slice("web-1", "web", "10.244.1.2")]);
    assert.deepEqual([...known.names()], [{ namespace: "default", name: "web" }]);
    assert.deepEqual(known.of("default"), [web]);
    known.delete(web);
    known.deleteSlice({ namespace: "default", name: "web-1" });
    assert.equal(known.get(web), undefined);
    assert.deepEqual(known.slicesOf(web), []);
    assert.deepEqual([...known.names()], []);
  });

  it("knows a slice by its present Service alone", () => {
    const known = new KnownServices();
    known.setSlice(slice("shared", "web", "10.244.1.2"));
    known.setSlice(slice("shared", "api", "10.244.1.3"));
    assert.deepEqual(known.slicesOf(service("web")), []);
    assert.deepEqual(known.slicesOf(service("api")), [slice("shared", "api", "10.244.1.3")]);
  });

  it("tells of the Service that a change is about, also when it does not know it", () => {
    const known = new KnownServices();
    const told: string[] = [];
    const stop = known.watch(({ name }) => told.push(name));
    known.setSlice(slice("web-1", "web", "10.244.1.2"));
    known.set(service("web"));
    known.setSlice(slice("web-1", "api", "10.244.1.2"));
    known.deleteSlice({ namespace: "default", name: "web-1" });
    known.delete({ namespace: "default", name: "web" });
    stop();
    known.set(service("late"));
    assert.deepEqual(told, ["web", "web", "web", "api", "api", "web"]);
  });
});
