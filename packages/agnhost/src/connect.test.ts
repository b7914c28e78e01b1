import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { agnhost, freePort } from "./testing/program.ts";

describe("agnhost connect", () => {
  it("succeeds silently on an open TCP port", async () => {
    const server = createServer(socket => socket.destroy()).listen(0, "127.0.0.1");
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
      // TEST-NET-1 is nobody's: either nothing answers or there is no route.
      [["192.0.2.1:80", "--timeout=300ms"], /^(TIMEOUT\n|OTHER: .*)/],
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
