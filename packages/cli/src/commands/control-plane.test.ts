/** `podwire control-plane` as a process: how it says it is ready, how it ends, and what survives. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { kinds } from "@podwire/api";
import { ApiClient } from "@podwire/client";
import { ClusterCertificates, readAdminFiles } from "@podwire/pki";

const main = fileURLToPath(new URL("../main.js", import.meta.url));

describe("podwire control-plane", () => {
  const running = new Set<ChildProcess>();
  let directory: string;
  const pki = () => join(directory, "pki");
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), `podwire-cp-${process.pid}-`));
    const certificates = await ClusterCertificates.create(pki(), "podwire-test", Date.now());
    await certificates.makeServersAndAdmin({ serviceCidrs: ["10.96.0.0/12"], addresses: [] });
  });
  afterEach(async () => {
    for (const child of running) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    running.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  interface Started {
    child: ChildProcess;
    /** The address of the API server; undefined when the process ended before it was ready. */
    api: string | undefined;
    stderr: () => string;
  }

  async function start(overrides: Record<string, string> = {}): Promise<Started> {
    const options: Record<string, string> = {
      "--dir": directory,
      "--listen": "127.0.0.1:0",
      "--nodes-socket": join(directory, "nodes.sock"),
      "--cluster-cidr": "10.244.0.0/16,fd00:10:244::/56",
      "--node-mask-size": "24,64",
      "--service-cidr": "10.96.0.0/12,fd00:10:96::/112",
      "--pki": pki(),
      ...overrides,
    };
    const child = spawn(process.execPath, [main, "control-plane", ...Object.entries(options).flat()], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: { ...process.env, PODWIRE_READY_FD: "3" },
    });
    running.add(child);
    let text = "";
    child.stderr!.on("data", chunk => {
      text += chunk;
    });
    const lines = createInterface({ input: child.stdio[3] as Readable });
    const [line] = (await Promise.race([once(lines, "line"), once(child, "close").then(() => [])])) as [
      string?,
    ];
    const ready = line === undefined ? undefined : (JSON.parse(line) as { ready: true; api: string });
    return { child, api: ready?.api, stderr: () => text };
  }

  async function ended({ child }: Started): Promise<number | string | null> {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode ?? child.signalCode;
  }

  it("serves, and ends cleanly on SIGTERM", async () => {
    const plane = await start();
    const client = new ApiClient({ url: plane.api!, tls: readAdminFiles(pki()) });
    await client.ready();
    assert((await client.list(kinds.namespaces)).items.some(({ metadata }) => metadata.name === "default"));
    client.close();
    plane.child.kill("SIGTERM");
    assert.equal(await ended(plane), 0, plane.stderr());
    assert(existsSync(join(directory, "store")));
  });

  it("keeps what it acknowledged over kill -9, and serves again in the same directory", async () => {
    const first = await start();
    const client = new ApiClient({ url: first.api!, tls: readAdminFiles(pki()) });
    const names = Array.from({ length: 50 }, (_, index) => `ns-${index}`);
    const acknowledged: string[] = [];
    const writing = names.map(async name => {
      await client.create(kinds.namespaces, { metadata: { name } });
      acknowledged.push(name);
      if (acknowledged.length === 20) first.child.kill("SIGKILL");
    });
    await Promise.allSettled(writing);
    assert.equal(await ended(first), "SIGKILL");
    client.close();

    const second = await start();
    const again = new ApiClient({ url: second.api!, tls: readAdminFiles(pki()) });
    const stored = (await again.list(kinds.namespaces)).items.map(({ metadata }) => metadata.name);
    assert(acknowledged.length >= 20);
    assert.deepEqual(
      acknowledged.filter(name => !stored.includes(name)),
      [],
    );
    again.close();
  });

  it("refuses a directory, a socket or a port that is in use, and says the way out", async () => {
    await start();
    const sameDirectory = await start({ "--nodes-socket": join(directory, "other.sock") });
    assert.equal(await ended(sameDirectory), 1);
    assert.match(
      sameDirectory.stderr(),
      /is in use by another control plane: stop it, or use another directory/,
    );
    const sameSocket = await start({ "--dir": join(directory, "other") });
    assert.equal(await ended(sameSocket), 1);
    assert.match(sameSocket.stderr(), /nodes\.sock: another control plane serves nodes there; stop it first/);

    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const places = { "--dir": join(directory, "third"), "--nodes-socket": join(directory, "third.sock") };
    const samePort = await start({ ...places, "--listen": `127.0.0.1:${port}` });
    assert.equal(await ended(samePort), 1);
    assert.match(samePort.stderr(), new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use`));
    other.close();
  });

  it("refuses ranges and addresses that cannot work, as wrong usage", async () => {
    const table: [Record<string, string>, RegExp][] = [
      [
        { "--cluster-cidr": "10.0.0.0/8,10.1.0.0/16" },
        /clusterCidrs: .* at most one range of each IP family/,
      ],
      [{ "--node-mask-size": "12,64" }, /nodeMaskSizes\.ipv4: 12 does not fit the range 10\.244\.0\.0\/16/],
      [{ "--listen": "6443" }, /--listen: "6443" is no address and port/],
    ];
    for (const [options, message] of table) {
      const refused = await start(options);
      assert.equal(await ended(refused), 2);
      assert.match(refused.stderr(), message);
    }
  });
});
