/** kill -9 of the daemon, at rest and at any moment: what ran goes on, and nothing is ever left over. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { PodStatus } from "@podwire/api";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { ImageStore } from "./images/store/store.ts";
import { busyboxLayer, dockerArchive } from "./testing/image-archives.ts";
import { processesNaming, TestNode } from "./testing/node.ts";

const DAEMON = fileURLToPath(new URL("testing/daemon.js", import.meta.url));

const seed = testSeed();

const IMAGE = "example.test/crash:1";

function daemon(labDir: string, name: string, store: ImageStore): ChildProcess {
  const words = [DAEMON, labDir, name, store.directory, IMAGE];
  return spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

describe("a daemon that is killed", function () {
  this.timeout(60_000);
  let store: ImageStore;

  before(async () => {
    store = new ImageStore(mkdtempSync(join(tmpdir(), `podwire-crash-images-${process.pid}-`)));
    const config = { Env: ["PATH=/bin"] };
    const archive = dockerArchive({ references: [IMAGE], layers: [busyboxLayer()], config });
    await store.load(Readable.from([archive]), "crash.tar");
  });
  after(() => rmSync(store.directory, { recursive: true }));

  it("leaves its pods running, and the next one takes them over", async () => {
    const labDir = mkdtempSync(join(tmpdir(), `podwire-test-${process.pid}-`));
    const child = daemon(labDir, "survivor", store);
    const before = JSON.parse(String((await once(child.stdout!, "data"))[0])) as PodStatus;
    await kill(child);
    const node = new TestNode({ labDir, images: store });
    try {
      const recovered = await node.runtime.recover();
      assert.deepEqual(
        recovered.map(pod => pod.metadata.uid),
        ["survivor"],
      );
      const after = await node.until("survivor", status => status.phase === "Running", "running");
      const ids = (status: PodStatus) =>
        status.containerStatuses!.map(one => [one.containerID, one.restartCount, one.state]);
      assert.deepEqual(ids(after), ids(before));
      // The FIFO held what was written while nobody read; only what had been read and not yet stored may miss.
      const log = await node.untilLog("survivor", "counts", "\n60\n");
      const numbers = log.trim().split("\n").map(Number);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      );
      assert.ok(numbers.length >= numbers.at(-1)! - 2, log);
    } finally {
      await node.stop();
    }
  });

  it(`leaves nothing over, killed at any moment of a pod's start (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 12; round++) {
      const labDir = mkdtempSync(join(tmpdir(), `podwire-test-${process.pid}-`));
      const child = daemon(labDir, "early", store);
      // The daemon is up after about 150 ms; from then on, a pod starts in about 60.
      await new Promise(resolve => setTimeout(resolve, 100 + random(180)));
      await kill(child);
      const node = new TestNode({ labDir, images: store });
      await node.runtime.recover();
      for (const { metadata } of node.runtime.pods()) {
        await node.until(metadata.uid, status => status.phase === "Running", `running, round ${round}`);
      }
      await node.stop();
      assert.deepEqual(processesNaming(labDir), [], `round ${round}`);
    }
  });
});
