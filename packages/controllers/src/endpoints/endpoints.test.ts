/** Endpoints over a real registry; what they are of Services at large, the transcripts of a real cluster say. */
import assert from "node:assert/strict";
import { type Endpoints, kinds } from "@podwire/api";
import { ServiceLab } from "../testing/service-lab.ts";

const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

describe("Endpoints", function () {
  this.timeout(20_000);
  let world: ServiceLab;
  beforeEach(async () => {
    world = await ServiceLab.start();
    await world.lab.addNode("node-1");
  });
  afterEach(() => world.stop());

  async function endpoints(): Promise<Endpoints | undefined> {
    await world.lab.settle();
    const all = await world.lab.list(kinds.endpoints);
    return all.find(({ metadata }) => metadata.name === "web");
  }

  const ipsOf = (found: Endpoints | undefined) =>
    (found?.subsets ?? []).map(({ addresses = [], notReadyAddresses = [] }) => [
      addresses.map(({ ip }) => ip),
      notReadyAddresses.map(({ ip }) => ip),
    ]);

  it("are put right when somebody changes or deletes them, and go with the Service, whoever wrote them", async () => {
    await world.service();
    await world.pod("web-1", ["10.0.0.1"]);
    assert.deepEqual(ipsOf(await endpoints()), [[["10.0.0.1"], []]]);
    await world.lab.change(kinds.endpoints, "web", copy => Object.assign(copy, { subsets: [] }));
    assert.deepEqual(ipsOf(await endpoints()), [[["10.0.0.1"], []]]);
    await world.lab.delete(kinds.endpoints, "web");
    assert.deepEqual(ipsOf(await endpoints()), [[["10.0.0.1"], []]]);
    await world.lab.delete(kinds.services, "web");
    assert.equal(await endpoints(), undefined);
    await world.service({ selector: undefined });
    await world.lab.create(kinds.endpoints, "web", {});
    await world.lab.delete(kinds.services, "web");
    assert.equal(await endpoints(), undefined);
  });

  it("made before their Service, stay, also when the controllers start anew; left behind, go then", async () => {
    await world.lab.create(kinds.endpoints, "web", {});
    world.lab.stopControllers();
    await world.lab.startControllers();
    assert.notEqual(await endpoints(), undefined);
    await world.service();
    await endpoints();
    world.lab.stopControllers();
    await world.lab.delete(kinds.services, "web");
    await world.lab.startControllers();
    assert.equal(await endpoints(), undefined);
  });

  it("a Service that becomes an ExternalName has none, and those of the older kind of its selector stay", async () => {
    await world.service();
    await world.pod("web-1", ["10.0.0.1"]);
    await endpoints();
    await world.changeService({
      type: "ExternalName",
      externalName: "example.com",
      clusterIP: "",
      clusterIPs: [],
    });
    assert.equal(await endpoints(), undefined);
    assert.deepEqual(await world.slices(), []);
  });

  it("of more than 1,000 addresses hold 1,000 and say so, until they are fewer", async () => {
    world.lab.behave = () => "nothing";
    await world.service();
    world.lab.stopControllers();
    const numbers = Array.from({ length: 1_001 }, (_, at) => at);
    const labels = { app: "web" };
    const spec = { containers: [{ name: "main", image: "agnhost" }], nodeName: "node-1" };
    for (const at of numbers) {
      const ref = { namespace: "test", name: `web-${at}` };
      await world.lab.registry.create(kinds.pods, { metadata: { ...ref, labels }, spec });
      const ip = `10.0.${at >> 8}.${at & 255}`;
      const conditions = [{ type: "Ready", status: at === 7 ? "False" : "True" } as const];
      const status = { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions } as const;
      const write = (copy: object) => void Object.assign(copy, { status });
      await world.lab.registry.mutate(kinds.pods, ref, write, { subresource: "status" });
    }
    await world.lab.startControllers();
    const full = await endpoints();
    assert.equal(full!.metadata.annotations![OVER_CAPACITY], "truncated");
    assert.deepEqual(
      ipsOf(full).map(lists => lists.map(({ length }) => length)),
      [[1_000, 0]],
    );
    const slices = await world.slices();
    assert.deepEqual(slices.map(each => each.endpoints!.length).sort(), [1, ...Array<number>(10).fill(100)]);
    await world.lab.delete(kinds.pods, "web-9", { gracePeriodSeconds: 0 });
    const fewer = await endpoints();
    assert.equal(fewer!.metadata.annotations?.[OVER_CAPACITY], undefined);
    assert.deepEqual(
      ipsOf(fewer).map(lists => lists.map(({ length }) => length)),
      [[999, 1]],
    );
  });
});
