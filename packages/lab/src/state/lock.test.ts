import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify } from "./identity.ts";
import { takeLabLock } from "./lock.ts";

describe("lock", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "podwire-lock-"));
    path = join(folder, "run", "lab.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is held by one at a time, and leaves nothing", async () => {
    let inside = 0;
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const release = await takeLabLock(path);
        assert.equal(++inside, 1);
        await new Promise(resolve => setImmediate(resolve));
        inside--;
        release();
      }),
    );
    assert.deepEqual(readdirSync(join(folder, "run")), []);
  });

  it("of a dead owner, or of nonsense, is broken", async () => {
    const child = spawn("sleep", ["1000"]);
    const owner = identify(child.pid!);
    child.kill("SIGKILL");
    await once(child, "exit");
    for (const content of [`${owner!.pid}:${owner!.startTicks}`, `${process.pid}:1`, "{", undefined]) {
      (await takeLabLock(path))();
      if (content === undefined) writeFileSync(path, "no link at all");
      else symlinkSync(content, path);
      const taken = await Promise.all([1, 2, 3].map(async () => (await takeLabLock(path, 2000))()));
      assert.equal(taken.length, 3);
      assert(!existsSync(path));
    }
  });

  it("of a living owner is waited for, and named in the end", async () => {
    const release = await takeLabLock(path);
    await assert.rejects(takeLabLock(path, 50), {
      name: "LabError",
      message: `${path} is held by process ${process.pid}, which is making or removing this lab: wait for it, or stop it`,
    });
    release();
  });
});
