/**
 * Whatever way a lab ends, after `down` nothing of it is left: each journey counts what belongs to the lab while
 * it runs (so that a count that finds nothing is no comfort), ends it in its own way, and counts again.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Commands, type Running } from "./command.ts";
import { Belongings, hostNetwork } from "./traces.ts";

/** Beside those of examples/demo.yaml: a pod in its node's network, and one whose containers share their processes. */
const MORE_PODS = `
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {hostNetwork: true, containers: [{name: c, image: agnhost, args: [netexec, --http-port=7777, --udp-port=7777]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: sharing}
spec:
  shareProcessNamespace: true
  containers:
  - {name: a, image: agnhost, args: [pause]}
  - {name: deaf, image: none, command: [sh, -c, "trap '' TERM; while :; do sleep 1000; done"]}
`;

describe("journey: clean-up", function () {
  this.timeout(60_000);
  let commands: Commands;
  let networkBefore: object;

  before(async () => {
    commands = new Commands("clean-up");
    networkBefore = await hostNetwork();
  });

  after(() => commands.clear());

  /** Three or more of everything: a lab with pods that a test counts correctly. */
  function belongings(): Belongings {
    const found = Belongings.of(commands.runDirectory);
    assert(found.tasks.length >= 20, `only ${found.tasks.length} processes were found`);
    // The underlay, two nodes, and a pod each.
    assert(found.count("net") >= 3 + 4, `only ${found.count("net")} network namespaces were found`);
    for (const kind of ["mnt", "pid", "uts", "ipc"] as const) assert(found.count(kind) >= 4, kind);
    return found;
  }

  async function assertGone(was: Belongings): Promise<void> {
    assert.deepEqual(was.left(), []);
    assert.deepEqual(await hostNetwork(), networkBefore);
  }

  async function down(name: string): Promise<void> {
    const { code, stderr } = await commands.run("down", "--name", name);
    assert.match(stderr, new RegExp(`^removing lab ${name}\\nlab ${name} is gone \\(.*\\)\\n$`));
    assert.equal(code, 0);
  }

  /** With the demo's pods and a command that someone still runs in one of them. */
  async function upInForeground(name: string): Promise<{ up: Running; exec: Running }> {
    const up = commands.start(["up", "--name", name, "--nodes", "2", "--demo"]);
    await up.said(/48 of 48 paths work, no NAT[\s\S]*Ctrl-C removes the lab/);
    const exec = commands.start([
      "exec",
      "--name",
      name,
      "web-1",
      "--",
      "sh",
      "-c",
      "echo begun; exec sleep 1000",
    ]);
    await exec.said(/begun/);
    return { up, exec };
  }

  it("down of a lab in the background; a second down finds nothing and says so", async () => {
    const up = await commands.run("up", "--detach", "--name", "one", "--nodes", "2", "--demo");
    assert.equal(up.code, 0, up.stderr);
    const apply = commands.start(["apply", "--name", "one", "-f", "-"], { input: MORE_PODS });
    assert.equal((await apply.outcome).stdout, "pod/host created\npod/sharing created\n");
    const watch = commands.start(["get", "pods", "-w", "--name", "one"]);
    await Promise.all([watch.said(/^host +1\/1 +Running/m), watch.said(/^sharing +2\/2 +Running/m)]);
    const was = belongings();
    await down("one");
    // The watch was a client, not a part of the lab: it ends for want of a server.
    await watch.kill("SIGKILL");
    await assertGone(was);
    const again = await commands.run("down", "--name", "one");
    assert.equal(again.stderr, "removing lab one\nlab one is not up: nothing to remove\n");
    assert.equal(again.code, 0);
    await assertGone(was);
  });

  it("Ctrl-C of up in the foreground, with pods running and a command in one", async () => {
    const { up, exec } = await upInForeground("two");
    const was = belongings();
    const { code, stderr } = await up.kill("SIGINT");
    assert.match(stderr, /stopping the daemons\nremoving pods, namespaces and files\nlab two is gone\n$/);
    assert.equal(code, 130);
    assert.equal((await exec.outcome).code, 1);
    await assertGone(was);
  });

  it("kill -9 of up, then down", async () => {
    const { up, exec } = await upInForeground("three");
    const was = belongings();
    await up.kill("SIGKILL");
    await down("three");
    await exec.outcome;
    await assertGone(was);
  });

  it("kill -9 of up, the control plane and all node daemons at once, then down", async () => {
    const { up, exec } = await upInForeground("four");
    const was = belongings();
    const state = JSON.parse(readFileSync(join(commands.runDirectory, "four/lab.json"), "utf8"));
    const daemons: { identity: { pid: number } }[] = state.daemons;
    assert.equal(daemons.length, 3);
    for (const { identity } of daemons) process.kill(identity.pid, "SIGSTOP");
    up.child.kill("SIGKILL");
    for (const { identity } of daemons) process.kill(identity.pid, "SIGKILL");
    await Promise.all([up.outcome, exec.outcome]);
    assert(was.left().length >= 10, "pods live on without their lab");
    await down("four");
    await assertGone(was);
  });

  it("down of a lab that was killed half made", async () => {
    const up = commands.start(["up", "--name", "five", "--nodes", "2"]);
    await up.said(/starting the node daemons/);
    await up.kill("SIGKILL");
    const was = Belongings.of(commands.runDirectory);
    assert(was.tasks.length >= 4, `only ${was.tasks.length} processes were found`);
    const again = await commands.run("up", "--name", "five");
    const directory = join(commands.runDirectory, "five");
    assert.equal(
      again.stderr,
      `error: lab five was left behind in ${directory}: remove it with "podwire down --name five", or use another --name\n`,
    );
    assert.equal(again.code, 1);
    await down("five");
    await assertGone(was);
  });

  it("down of a lab whose directory someone removed", async () => {
    const { up, exec } = await upInForeground("six");
    const was = belongings();
    await up.kill("SIGKILL");
    rmSync(join(commands.runDirectory, "six"), { recursive: true });
    assert(existsSync(commands.runDirectory));
    await down("six");
    await exec.outcome;
    await assertGone(was);
  });
});
