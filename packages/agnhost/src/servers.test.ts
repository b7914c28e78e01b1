import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { agnhost, curl, freePort, type Running, start } from "./testing/program.ts";

/** Sends until there is an answer: the server may still be starting. */
async function askUdp(port: number): Promise<string> {
  const socket = createSocket("udp4");
  const resend = setInterval(() => socket.send("x", port, "127.0.0.1"), 50);
  try {
    return await new Promise(resolve => socket.once("message", bytes => resolve(bytes.toString())));
  } finally {
    clearInterval(resend);
    socket.close();
  }
}

async function untilServed(...args: string[]): Promise<string> {
  for (;;) {
    const { code, stdout } = await curl(...args);
    if (code === 0) return stdout;
  }
}

describe("the other subcommands of agnhost", () => {
  const running: Running[] = [];
  const run = (args: string[], env?: Record<string, string>): Running => {
    const program = start(args, env);
    running.push(program);
    return program;
  };

  afterEach(() => Promise.all(running.splice(0).map(program => program.stop())));

  it("serve-hostname over HTTP", async () => {
    const port = await freePort();
    await run(["serve-hostname", "--port", String(port), "--close"]).says(/Serving on port \d+\.\n/);
    const { stdout } = await curl("-i", `http://[::1]:${port}/any`);
    assert.match(stdout, /Connection: close/);
    assert.ok(stdout.endsWith(hostname()));
  });

  it("serve-hostname over TCP and UDP, and not over HTTP as well", async () => {
    const port = await freePort();
    const program = run(["serve-hostname", "--http=false", "--tcp", "--udp", `--port=${port}`]);
    await program.says(/Serving on port/);
    assert.equal((await curl(`telnet://127.0.0.1:${port}`)).stdout, hostname());
    assert.equal(await askUdp(port), hostname());
    program.child.kill("SIGTERM");
    await program.says(/Awaiting pod deletion/);
    assert.equal(await askUdp(port), hostname());
    const both = await agnhost(["serve-hostname", "--tcp"]);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /Can't server TCP\/UDP mode and HTTP mode at the same time/);
  });

  it("porter serves values of the environment over TCP, TLS and UDP", async () => {
    const [plain, tls, udp] = [await freePort(), await freePort(), await freePort()];
    const folder = fileURLToPath(new URL("../tls", import.meta.url));
    run(["porter"], {
      [`SERVE_PORT_${plain}`]: "plain=value",
      [`SERVE_TLS_PORT_${tls}`]: "secret",
      [`SERVE_UDP_PORT_${udp}`]: "datagram",
      CERT_FILE: join(folder, "localhost.crt"),
      KEY_FILE: join(folder, "localhost.key"),
    });
    assert.equal(await untilServed(`http://127.0.0.1:${plain}/x`), "plain=value");
    const trusted = ["--cacert", join(folder, "localhost.crt")];
    assert.equal(await untilServed(...trusted, `https://127.0.0.1:${tls}/`), "secret");
    assert.equal(await askUdp(udp), "datagram");
  });

  it("porter answers in JSON", async () => {
    const port = await freePort();
    run(["porter", "--json-response"], { [`SERVE_TCP_PORT_${port}`]: "v" });
    assert.equal(await untilServed("-X", "PUT", `http://127.0.0.1:${port}`), '{"Method":"PUT","Body":"v"}');
  });

  it("pause ends with 2 on SIGTERM and 1 on SIGINT", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 2],
      ["SIGINT", 1],
    ] as const) {
      const program = run(["pause"]);
      await program.says(/^Paused\n/);
      program.child.kill(signal);
      assert.equal(await program.ended, code);
    }
  });

  it("test-webserver serves files, listings and 404", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agnhost-test-"));
    const port = await freePort();
    try {
      writeFileSync(join(folder, "a&b.txt"), "content");
      run(["test-webserver", `--port=${port}`]);
      assert.equal(await untilServed(`http://127.0.0.1:${port}${folder}/a%26b.txt`), "content");
      const listing = (await curl("-L", `http://127.0.0.1:${port}${folder}`)).stdout;
      assert.match(listing, /<a href="a&b.txt">a&amp;b.txt<\/a>/);
      const missing = await curl("-i", `http://127.0.0.1:${port}${folder}/none`);
      assert.match(missing.stdout, /^HTTP\/1.1 404 [\s\S]*404 page not found\n$/);
      assert.match(missing.stdout, /Access-Control-Allow-Origin: \*/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("an unknown command or flag is a usage error", async () => {
    assert.equal((await agnhost(["nonsense"])).code, 1);
    const { code, stderr } = await agnhost(["netexec", "--nonsense"]);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: "Error: unknown flag: --nonsense\n" });
    assert.match((await agnhost(["help"])).stdout, /Commands: connect, netexec/);
  });
});
