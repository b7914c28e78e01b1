/** Programs of system calls, run on each machine that can be: this one, and arm64 where qemu-user is installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountOptions } from "./mount-options.ts";
import { AT_FDCWD, Program } from "./program.ts";

const emulator = spawnSync("qemu-aarch64", ["--version"]).status === 0 ? ["qemu-aarch64"] : undefined;
const runners: ["x64" | "arm64", string[] | undefined][] = [
  ["x64", process.arch === "x64" ? [] : undefined],
  ["arm64", process.arch === "arm64" ? [] : emulator],
];

describe("launch program", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `podwire-launch-${process.pid}-`));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [architecture, runner] of runners) {
    const run = (build: (program: Program) => void) => {
      const program = new Program(architecture, { descriptor: 2, exitCode: 9, withdraw: 1 });
      build(program);
      const path = join(folder, architecture);
      writeFileSync(path, program.finish(), { mode: 0o755 });
      const [command, ...args] = [...runner!, path];
      return spawnSync(command!, args, { cwd: folder, encoding: "utf8" });
    };

    it(`${architecture}: calls, jumps on failure, and becomes another program`, function () {
      if (!runner) return this.skip();
      const { status, stdout, stderr } = run(program => {
        const [missing, done] = [program.label(), program.label()];
        program.may("faccessat", AT_FDCWD, program.text("missing"), 0);
        program.onFailure(missing);
        program.giveUp("there is something where nothing should be");
        program.define(missing);
        program.must("folder", "mkdirat", AT_FDCWD, program.text("made"), 0o755);
        program.may("write", 1, program.text("one\n"), 4);
        program.jump(done);
        program.giveUp("the jump went nowhere");
        program.define(done);
        const words = program.vector(["sh", "-c", 'echo "$0 $NAME"', "two words"]);
        program.must("sh", "execve", program.text("/bin/sh"), words, program.vector(["NAME=value"]));
      });
      assert.deepEqual([status, stdout, stderr], [0, "one\ntwo words value\n", ""]);
      assert.ok(existsSync(join(folder, "made")));
    });

    it(`${architecture}: says what failed and with which error`, function () {
      if (!runner) return this.skip();
      const failed = run(program => {
        program.must("first", "mkdirat", AT_FDCWD, program.text("twice"), 0o755);
        program.must("second time", "mkdirat", AT_FDCWD, program.text("twice"), 0o755);
      });
      assert.deepEqual([failed.status, failed.stderr], [9, "second time: error 017\n"]);
      const gaveUp = run(program => program.giveUp("no way"));
      assert.deepEqual([gaveUp.status, gaveUp.stderr], [9, "no way\n"]);
    });

    it(`${architecture}: stores words, and never has memory to write and execute`, function () {
      const program = new Program(architecture, { descriptor: 2, exitCode: 9 });
      program.must("nothing", "setsid");
      const file = program.finish();
      const flags = [0, 1, 2].map(index => file.readUInt32LE(64 + index * 56 + 4));
      assert.deepEqual(flags, [6, 5, 6]);
      if (!runner) return this.skip();
      const { stdout } = run(each => {
        const text = each.buffer(Buffer.from("........\n"));
        each.store(text + 4, 0x64636261);
        each.may("write", 1, text, 9);
        each.may("exit_group", 0);
      });
      assert.equal(stdout, "....abcd\n");
    });
  }

  it("is small", () => {
    const program = new Program("x64", { descriptor: 2, exitCode: 9 });
    program.must("nothing", "setsid");
    writeFileSync(join(folder, "small"), program.finish());
    assert.ok(readFileSync(join(folder, "small")).length < 600);
  });

  it("reads the options of mounts as mount(8) does", () => {
    assert.deepEqual(mountOptions("bind,ro"), { flags: 1, bind: true, recursive: false, data: "" });
    assert.deepEqual(mountOptions("rbind"), { flags: 0, bind: true, recursive: true, data: "" });
    assert.deepEqual(mountOptions("nosuid,nodev,size=4k,mode=755"), {
      flags: 6,
      bind: false,
      recursive: false,
      data: "size=4k,mode=755",
    });
    assert.equal(mountOptions("constructor").data, "constructor");
  });
});
