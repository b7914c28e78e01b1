import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { agnhost, freePort, type Running, start } from "../testing/program.ts";
import type { ProbeResult, ProbeServer, ProbeTarget } from "./protocol.ts";

describe("agnhost probe and probe-serve", () => {
  let server: Running;
  let ports: ProbeServer;

  before(async () => {
    server = start(["probe-serve"]);
    ports = JSON.parse(await server.says(/\{.*\}\n/)) as ProbeServer;
  });

  after(() => server.stop());

  async function probe(
    targets: ProbeTarget[],
    ...flags: string[]
  ): Promise<Map<string | number, ProbeResult>> {
    const input = targets.map(target => `${JSON.stringify(target)}\n`).join("");
    const { code, stdout } = await agnhost(["probe", ...flags], input);
    assert.equal(code, 0);
    const results = stdout
      .trim()
      .split("\n")
      .map(line => JSON.parse(line) as ProbeResult);
    return new Map(results.map(result => [result.id, result]));
  }

  it("reaches both protocols on both families, and is told its source", async () => {
    const targets = [
      { id: "tcp4", host: "127.0.0.1", port: ports.tcpPort, protocol: "tcp" as const },
      { id: "tcp6", host: "::1", port: ports.tcpPort, protocol: "tcp" as const },
      { id: "udp4", host: "127.0.0.1", port: ports.udpPort, protocol: "udp" as const },
      { id: "udp6", host: "::1", port: ports.udpPort, protocol: "udp" as const },
    ];
    const results = await probe(targets);
    for (const target of targets) {
      const result = results.get(target.id)!;
      assert.deepEqual(
        { ok: result.ok, sourceSeen: result.sourceSeen },
        { ok: true, sourceSeen: target.host },
      );
      assert.ok(result.rttMicroseconds! > 0 && result.rttMicroseconds! < 1_000_000);
    }
  });

  it("answers datagrams from the address that was asked", async () => {
    const bound = start(["probe-serve", "--udp-listen-addresses=127.0.0.2,::1"]);
    try {
      const { udpPort } = JSON.parse(await bound.says(/\{.*\}\n/)) as ProbeServer;
      const ask = (host: string) => ({ id: host, host, port: udpPort, protocol: "udp" as const });
      const results = await probe([ask("127.0.0.2"), ask("::1"), ask("127.0.0.3")], "--timeout=300ms");
      assert.deepEqual(
        ["127.0.0.2", "::1", "127.0.0.3"].map(host => results.get(host)!.ok),
        [true, true, false],
      );
    } finally {
      await bound.stop();
    }
  });

  it("says why not, and is not held up by the silent ones", async () => {
    const silentUdp = createSocket("udp4");
    await new Promise<void>(resolve => silentUdp.bind(0, "127.0.0.1", resolve));
    const silentTcp = createServer(socket => socket.resume());
    await new Promise<void>(resolve => silentTcp.listen(0, "127.0.0.1", resolve));
    const closed = await freePort();
    try {
      const silentTcpPort = (silentTcp.address() as { port: number }).port;
      const results = await probe(
        [
          { id: 1, host: "127.0.0.1", port: closed, protocol: "tcp" },
          { id: 2, host: "127.0.0.1", port: closed, protocol: "udp" },
          { id: 3, host: "127.0.0.1", port: silentUdp.address().port, protocol: "udp" },
          { id: 4, host: "127.0.0.1", port: silentTcpPort, protocol: "tcp" },
          { id: 5, host: "127.0.0.1", port: ports.tcpPort, protocol: "tcp" },
        ],
        "--timeout=300ms",
        "--concurrency=2",
      );
      assert.deepEqual(
        [1, 2, 3, 4].map(id => results.get(id)!.error),
        ["REFUSED", "REFUSED", "TIMEOUT", "TIMEOUT"],
      );
      assert.equal(results.get(5)!.ok, true);
    } finally {
      silentUdp.close();
      silentTcp.close();
    }
  });

  it("survives lines that are not targets", async () => {
    const { code, stdout } = await agnhost(["probe"], "nonsense\n\n");
    assert.equal(code, 0);
    assert.match(stdout, /^\{"id":"nonsense","ok":false,"error":"OTHER: .*"\}\n$/);
  });

  it("serves until its stdin ends", async () => {
    const other = start(["probe-serve"]);
    await other.says(/tcpPort/);
    other.child.stdin!.end();
    assert.equal(await other.ended, 0);
  });
});
