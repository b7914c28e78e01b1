/**
 * Machines that turn bad under a running lab: a disk that fills up, a port that someone else takes. Traffic goes on,
 * what cannot be done is refused with the way out, and all is well again as soon as the machine is.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Commands } from "./command.ts";
import { Belongings } from "./traces.ts";

describe("journey: a machine that turns bad", function () {
  this.timeout(180_000);
  let commands: Commands;

  before(() => {
    commands = new Commands("bad-machine");
  });

  after(() => commands.clear());

  it("a disk that fills: writes are refused, traffic, pods and killed daemons go on, room brings everything back", async () => {
    const disk = await smallDisk("80m");
    const start = (words: string, input = "") =>
      commands.start(words.split(" "), { within: disk.within, env: { PODWIRE_LAB: "disk" }, input });
    const podwire = (words: string, input?: string) => start(words, input).outcome;
    const up = start("up --nodes 2 --demo");
    try {
      await up.said(/Ctrl-C removes the lab/);
      await disk.shell("dd if=/dev/zero of=filler bs=4k 2>/dev/null");
      const full = await podwire("apply -f -", largePod("large"));
      assert.match(
        full.stderr,
        /^Error from server \(InsufficientStorage\): pod\/large: the store in .* cannot grow \(.*\): free space on its file system; nothing was written, and reading goes on\n$/,
      );
      assert.equal(full.code, 1);
      const matrix = await podwire("matrix");
      assert.match(matrix.stdout, /\n48 of 48 paths work, no NAT\n$/, matrix.stdout + matrix.stderr);
      const { processes } = JSON.parse((await podwire("status -o json")).stdout);
      process.kill(processes[1].pid, "SIGKILL");
      await up.said(/control-plane serves again/);
      await up.said(/cannot write .*lab\.json: ENOSPC/);
      assert.match((await podwire("get pods")).stdout, /^web-1 +1\/1 +Running +0 /m);
      const birth = async () => (await podwire("exec web-1 -- cat /proc/1/stat")).stdout.split(" ")[21];
      const bornAt = await birth();
      for (const { name, pid } of processes as { name: string; pid: number }[]) {
        if (!name.startsWith("node-")) continue;
        process.kill(pid, "SIGKILL");
        await up.said(new RegExp(`${name} serves again`));
      }
      assert.equal(await birth(), bornAt);
      assert.equal((await podwire("exec web-1 -- cat /etc/hostname")).stdout, "web-1\n");
      assert.match((await podwire("matrix")).stdout, /\n48 of 48 paths work, no NAT\n$/);
      // What the daemons that died had set aside for their flows is free again.
      await disk.shell("dd if=/dev/zero of=filler-2 bs=4k 2>/dev/null");
      assert.equal((await podwire("apply -f -", largePod("large"))).code, 1);
      await disk.shell("rm filler filler-2");
      assert.equal((await podwire("apply -f -", largePod("large"))).stdout, "pod/large created\n");
      // A commit that is on its way while the disk fills can end the control plane (FREE_MIN_BYTES of the store).
      const watching = start("get pods -w");
      await watching.said(/^large +1\/1 +Running /m);
      await watching.kill("SIGINT");
      await disk.shell("dd if=/dev/zero of=filler bs=4k 2>/dev/null");
      const down = await podwire("down");
      assert.equal(down.code, 0, down.stderr);
      const { code, stderr } = await up.outcome;
      assert.deepEqual(
        stderr.match(/\S+ died \(.*?\)/g),
        ["control-plane", "node-1", "node-2"].map(name => `${name} died (killed by SIGKILL)`),
      );
      assert.equal(code, 0);
    } finally {
      await podwire("down");
      await disk.close();
    }
    assert.deepEqual(Belongings.of(commands.runDirectory).left(), []);
  });

  it("a VXLAN port that is taken while a node's daemon is dead: it says so, waits longer each time, and comes back", async () => {
    const up = commands.start(["up", "--name", "port", "--nodes", "1"]);
    await up.said(/Ctrl-C removes the lab/);
    const state = JSON.parse(readFileSync(join(commands.runDirectory, "port/lab.json"), "utf8"));
    const daemon: number = state.daemons[1].identity.pid;
    const thief = takePort(state.nodes[0].holder.pid, 4789, () => process.kill(daemon, "SIGKILL"));
    await up.said(/node-1 died \(killed by SIGKILL\); starting it again now/);
    await up.said(
      /node-1 died \(exit code 1: error: data plane: .*:4789: .*EADDRINUSE.*another process uses this address and port.*\); starting it again in 100 ms \(log: .*node-1\.log\)/,
    );
    await up.said(/starting it again in 400 ms/);
    (await thief).kill("SIGKILL");
    await up.said(/node-1 serves again/);
    assert.equal((await up.kill("SIGINT")).code, 130);
    assert.deepEqual(Belongings.of(commands.runDirectory).left(), []);
  });

  /** A file system of its own under the run directory, in a mount namespace that a shell holds. */
  async function smallDisk(size: string) {
    mkdirSync(commands.runDirectory);
    const script = `mount -t tmpfs -o size=${size} none "$0" && cd "$0" && echo mounted && while read -r line; do eval "$line"; echo done; done`;
    const shell = spawn("unshare", ["--mount", "sh", "-c", script, commands.runDirectory], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(shell, "exit");
    await once(shell.stdout, "data");
    return {
      within: ["nsenter", `--mount=/proc/${shell.pid}/ns/mnt`],
      shell: async (line: string) => {
        shell.stdin.write(`${line}\n`);
        await once(shell.stdout, "data");
      },
      close: async () => {
        shell.stdin.end();
        await ended;
        rmSync(commands.runDirectory, { recursive: true, force: true });
      },
    };
  }
});

/** Fills the store of a full disk at once, whatever room its file still has inside. */
function largePod(name: string): string {
  const note = "x".repeat(100_000);
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, annotations: {note: ${note}}}\nspec: {containers: [{name: c, image: pause}]}\n`;
}

const THIEF = `
  const { createSocket } = require("node:dgram");
  const take = () => {
    const socket = createSocket({ type: "udp6", ipv6Only: false });
    socket.on("error", () => { socket.close(); setImmediate(take); });
    socket.bind({ port: +process.argv[1], exclusive: true });
  };
  console.log("ready");
  take();`;

/** Takes a UDP port in the network namespace of a process as soon as `free` has made it free. */
async function takePort(pid: number, port: number, free: () => void) {
  const command = [`--net=/proc/${pid}/ns/net`, "--", process.execPath, "-e", THIEF, String(port)];
  const thief = spawn("nsenter", command, { stdio: ["ignore", "pipe", "inherit"] });
  await once(thief.stdout, "data");
  free();
  return thief;
}
