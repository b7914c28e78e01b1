import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pauseExecutable } from "./elf.ts";

/** Runs each architecture's program that this machine can: its own, and arm64 where qemu-user is installed. */
const emulator = spawnSync("qemu-aarch64", ["--version"]).status === 0 ? ["qemu-aarch64"] : undefined;
const runners: ["x64" | "arm64", string[] | undefined][] = [
  ["x64", process.arch === "x64" ? [] : undefined],
  ["arm64", process.arch === "arm64" ? [] : emulator],
];

describe("pause", () => {
  const folder = mkdtempSync(join(tmpdir(), `podwire-pause-${process.pid}-`));
  after(() => rmSync(folder, { recursive: true }));

  for (const [architecture, runner] of runners) {
    const path = join(folder, architecture);

    it(`${architecture}: is a small executable without a writable or executable stack`, () => {
      writeFileSync(path, pauseExecutable(architecture), { mode: 0o755 });
      const file = readFileSync(path);
      assert.ok(file.length < 512);
      assert.equal(file.readUInt16LE(18), architecture === "x64" ? 62 : 183);
      assert.equal(Number(file.readBigUInt64LE(24)) - 0x400000, file.length - pauseCodeBytes(file));
    });

    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      it(`${architecture}: sleeps until ${signal}, then exits with 0`, async function () {
        if (!runner) return this.skip();
        const [command, ...args] = [...runner, path];
        const child = spawn(command!, args, { stdio: "ignore" });
        await sleeping(child.pid!);
        child.kill("SIGCHLD");
        child.kill(signal);
        const exit = await new Promise(resolve => child.once("exit", (code, by) => resolve([code, by])));
        assert.deepEqual(exit, [0, null]);
      });
    }
  }

  it("reaps orphans as process 1 of a namespace", function () {
    if (process.arch !== "x64") return this.skip();
    const script = `
      unshare --pid sh -c '"$0" & echo $!' ${join(folder, "x64")} >pid
      pause=$(cat pid)
      nsenter --pid=/proc/$pause/ns/pid sh -c 'sh -c "exit 3" & sh -c "exit 4" & wait; (sleep 0.01 &)'
      while pgrep -P $pause >/dev/null; do sleep 0.01; done
      kill -TERM $pause
      while test -d /proc/$pause && ! grep -q "State:.Z" /proc/$pause/status; do sleep 0.01; done
      echo gone`;
    assert.equal(
      execFileSync("sh", ["-c", script], { cwd: folder, encoding: "utf8", timeout: 10_000 }),
      "gone\n",
    );
  });
});

function pauseCodeBytes(file: Buffer): number {
  const HEADERS_BYTES = 64 + 2 * 56;
  return file.length - HEADERS_BYTES;
}

/** The program sleeps, in every one of a few looks: it waits for its signals. */
async function sleeping(pid: number): Promise<void> {
  for (let looks = 0; looks < 5; ) {
    const state = /State:\s*(\w)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    looks = state === "S" ? looks + 1 : 0;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
