/** The DNS benchmark against a real lab, as short as it goes: that it measures, not how much. */
import assert from "node:assert/strict";
import { benchDns, labTable } from "@podwire/bench";

describe("journey: podwire bench dns", function () {
  this.timeout(120_000);

  it("measures cluster names and others, from the node and from a pod", async () => {
    const report = await benchDns({ rounds: 1, seconds: 1, services: 20, changes: 3 });
    const values = new Map(report.measures.map(({ name, value }) => [name, value]));
    for (const kind of ["cluster names", "names kept", "names never asked before"]) {
      for (const from of ["the node", "a pod"]) {
        const name = `${kind}, podwire, from ${from}: answers`;
        assert.ok(values.get(name)! > 0, name);
      }
    }
    assert.ok(values.get("change of an endpoint until it is answered, p99")! > 0);
    assert.match(labTable(report), /cluster names, podwire, from the node: p99/);
  });
});
