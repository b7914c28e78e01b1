/** What a node says of itself is what manifests select nodes by, and what clients tell nodes apart by. */
import assert from "node:assert/strict";
import { nodeInfo, systemLabels } from "./identity.ts";

describe("identity of a node", () => {
  it("has the labels that the kubelet gives", () => {
    assert.equal(systemLabels["kubernetes.io/os"], "linux");
    const { architecture } = nodeInfo("node-1", "1.2.3") as { architecture: string };
    assert.match(architecture, /^(amd64|arm64)$/);
    assert.equal(systemLabels["kubernetes.io/arch"], architecture);
  });

  it("tells nodes apart, the same after every restart", () => {
    const one = nodeInfo("node-1", "1.2.3") as Record<string, string>;
    const other = nodeInfo("node-2", "1.2.3") as Record<string, string>;
    assert.match(one.machineID!, /^[0-9a-f]{32}$/);
    assert.match(one.systemUUID!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.notEqual(one.machineID, other.machineID);
    assert.deepEqual(nodeInfo("node-1", "1.2.3"), one);
  });
});
