import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { agnhost, freePort } from "./testing/program.ts";

describe("agnhost connect", () => {
  it("succeeds silently on an open TCP port", async () => {
    const server = createServer(socket => socket.destroy());
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      assert.deepEqual(await agnhost(["connect", `127.0.0.1:${port}`, "--timeout=3s"]), {
        code: 0,
        stdout: "",
        stderr: "",
      });
    } finally {
      server.close();
    }
  });

  it("names what went wrong, on stderr, and exits with 1", async () => {
    const closed = await freePort();
    const table: [string[], RegExp][] = [
      [[`127.0.0.1:${closed}`], /^REFUSED\n$/],
      [[`[::1]:${closed}`, "--protocol=tcp"], /^REFUSED\n$/],
      [["no-such-host.invalid:80", "--timeout=5s"], /^DNS: lookup no-such-host.invalid: no such host\n$/],
      [["127.0.0.1:http-port"], /^DNS: lookup tcp\/http-port: unknown port\n$/],
      [["127.0.0.1"], /^UNKNOWN: address 127.0.0.1: missing port in address\n$/],
      [["255.255.255.255:80", "--timeout=1s"], /^OTHER: dial tcp 255.255.255.255:80: connect: /],
      [["127.0.0.1:80", "--protocol=sctp", "--timeout=1s"], /^OTHER: protocol not supported\n$/],
      [["127.0.0.1:80", "--protocol=quic"], /^Unsupported protocol\n$/],
      [[`127.0.0.1:${closed}`, "--protocol=udp", "--timeout=2s"], /^REFUSED: .*connection refused\n$/],
    ];
    for (const [args, expected] of table) {
      const { code, stdout, stderr } = await agnhost(["connect", ...args]);
      assert.match(stderr, expected, args.join(" "));
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, args.join(" "));
    }
  });

  it("times out where nothing answers", async () => {
    // A stopped server with a full backlog: the kernel drops every further SYN.
    const listen =
      "require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})";
    const server = spawn(process.execPath, ["-e", listen], { stdio: ["ignore", "pipe", "ignore"] });
    const port = Number(await new Promise(resolve => server.stdout.once("data", resolve)));
    server.kill("SIGSTOP");
    const filling = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    try {
      await Promise.race(filling.map(socket => new Promise(resolve => socket.once("connect", resolve))));
      const { code, stderr } = await agnhost(["connect", `127.0.0.1:${port}`, "--timeout=500ms"]);
      assert.deepEqual({ code, stderr }, { code: 1, stderr: "TIMEOUT\n" });
    } finally {
      for (const socket of filling) socket.destroy();
      server.kill("SIGKILL");
    }
  });

  it("asks over UDP: an answer is success, silence is TIMEOUT", async () => {
    const server = createSocket("udp4");
    await new Promise<void>(resolve => server.bind(0, "127.0.0.1", resolve));
    const where = `127.0.0.1:${server.address().port}`;
    const heard: string[] = [];
    try {
      const silent = await agnhost(["connect", where, "--protocol=udp", "--timeout=300ms"]);
      assert.match(silent.stderr, /^TIMEOUT: /);
      server.on("message", (bytes, peer) => {
        heard.push(bytes.toString());
        server.send("hello", peer.port, peer.address);
      });
      const answered = await agnhost(["connect", where, "--protocol=udp", "--timeout=5s", "--udp-data=ping"]);
      assert.deepEqual(answered, { code: 0, stdout: "", stderr: "" });
      assert.deepEqual(heard, ["ping\n"]);
    } finally {
      server.close();
    }
  });
});
