/** A node that registers and then never reads: what it costs is bounded, and it is told why it is cut. */
import assert from "node:assert/strict";
import { Client, credentials, status } from "@grpc/grpc-js";
import { kinds } from "@podwire/api";
import { testNode } from "@podwire/pki/testing";
import { type FromNode, NodeSync, type ToNodeBatch } from "@podwire/protocol";
import { TestControlPlane } from "./testing/control-plane.ts";

describe("a node that does not read its stream", () => {
  it("is cut with RESOURCE_EXHAUSTED that names it, while others go on", async () => {
    const plane = await TestControlPlane.start({ drainTimeoutMs: 100 });
    const { ca, cert, key, serverName } = await testNode("stuck");
    const tls = credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert));
    const client = new Client(plane.address, tls, { "grpc.ssl_target_name_override": serverName });
    const { path, request, response } = NodeSync.Sync;
    const call = client.makeBidiStreamRequest<FromNode, ToNodeBatch>(
      path,
      message => request.encode(message),
      bytes => response.decode(bytes),
    );
    const vtep = {
      mac: Buffer.from([2, 0, 0, 0, 0, 1]),
      udpPort: 4789,
      vni: 1,
      underlayMtu: 1500,
      remoteChecksumOffload: false,
    };
    const nothing = Buffer.alloc(0);
    const self = { name: "stuck", labels: {}, taints: [], addresses: ["192.168.77.1"], vtep };
    const rest = { resumeRevision: 0, resumeHistory: "", nodeInfo: nothing, capacity: nothing };
    call.write({ message: { case: "register", value: { ...self, ...rest } } });
    const ended = new Promise<{ code: number; details: string }>(resolve =>
      call.once("error", resolve as never),
    );
    try {
      await plane.until(kinds.nodes, { name: "stuck" }, node => node?.spec.podCIDRs !== undefined);
      // A client that never began to read would be buffered for by gRPC itself.
      await new Promise(resolve => call.once("data", resolve));
      call.pause();
      // More than gRPC and HTTP/2 hold between the two before somebody reads on.
      const note = "x".repeat(200_000);
      for (let index = 0; index < 40; index++) {
        const metadata = { namespace: "default", name: `big${index}`, annotations: { note } };
        const spec = { containers: [{ name: "main", image: "agnhost" }], nodeName: "stuck" };
        await plane.registry.create(kinds.pods, { metadata, spec });
      }
      while (!plane.log.some(line => line.includes("has not read its stream"))) {
        await new Promise(resolve => setImmediate(resolve));
      }
      assert.deepEqual(plane.server.connected(), []);
      call.resume();
      const { code, details } = await ended;
      assert.equal(code, status.RESOURCE_EXHAUSTED);
      assert.match(
        details,
        /^Node "stuck": it has not read its stream for 0\.1 s; register again to resume$/,
      );
    } finally {
      call.on("error", () => {});
      call.cancel();
      client.close();
      await plane.stop();
    }
  });
});
