/**
 * The commands over a real lab, each as a process: what they print where, and the code they exit with. What the
 * packets do is told in test/journeys.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../bundle/main.js", import.meta.url));
const DEMO = fileURLToPath(new URL("../../../examples/demo.yaml", import.meta.url));

const PREFIX = join(tmpdir(), "podwire-cli-lab-");

/** Labs of test runs that were killed. */
async function removeOrphans(): Promise<void> {
  for (const entry of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), entry);
    const pid = folder.startsWith(PREFIX) ? folder.slice(PREFIX.length) : "self";
    if (existsSync(`/proc/${pid}`)) continue;
    const env = { ...process.env, PODWIRE_RUN_DIR: join(folder, "run") };
    await once(spawn(process.execPath, [MAIN, "down", "--all"], { env, stdio: "ignore" }), "exit");
    rmSync(folder, { recursive: true });
  }
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("podwire commands over a lab", function () {
  this.timeout(60_000);
  let folder: string;
  let run: string;

  before(async () => {
    await removeOrphans();
    folder = `${PREFIX}${process.pid}`;
    mkdirSync(folder);
    run = join(folder, "run");
    const up = await podwire("up", "--detach", "--nodes", "2");
    assert.equal(up.code, 0, up.stderr);
    assert.match(
      up.stderr,
      /starting the control plane\n[\s\S]*nodes Ready: 2 of 2\nlab cli is Ready: 2 nodes in /,
    );
    assert.equal(up.stdout, "");
  });

  after(async () => {
    await podwire("down", "--all");
    rmSync(folder, { recursive: true });
  });

  function start(words: readonly string[], name = "cli"): ChildProcess {
    const env = { ...process.env, PODWIRE_RUN_DIR: run, PODWIRE_LAB: name };
    return spawn(process.execPath, [MAIN, ...words], { env, stdio: ["pipe", "pipe", "pipe"] });
  }

  async function finish(child: ChildProcess): Promise<Result> {
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, "exit") as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }

  function podwire(...words: string[]): Promise<Result> {
    const child = start(words);
    child.stdin!.end();
    return finish(child);
  }

  function fed(input: string, ...words: string[]): Promise<Result> {
    const child = start(words);
    child.stdin!.end(input);
    return finish(child);
  }

  /** Resolves when the child has printed this on stderr. */
  function said(child: ChildProcess, pattern: RegExp): Promise<void> {
    let seen = "";
    return new Promise((resolve, reject) => {
      child.stderr!.on("data", (bytes: Buffer) => {
        seen += bytes.toString();
        if (pattern.test(seen)) resolve();
      });
      child.once("exit", () => reject(new Error(`ended after saying: ${seen}`)));
    });
  }

  it("status shows nodes and processes, as a table and as JSON", async () => {
    const table = await podwire("status");
    assert.match(
      table.stdout,
      /^lab cli: Ready, up \d+s, \d+ MB resident\nAPI server: https:\/\/127\.0\.0\.1:\d+\n/,
    );
    assert.match(table.stdout, /\nnode-1 {3}Ready {4}0 {6}172\.30\.0\.11,fd00:172:30::b/);
    const status = JSON.parse((await podwire("status", "-o", "json")).stdout);
    assert.deepEqual(
      status.processes.map((each: { name: string; alive: boolean }) => [each.name, each.alive]),
      ["up", "control-plane", "node-1", "node-2"].map(name => [name, true]),
    );
  });

  it("apply creates, changes nothing that is equal, changes what differs, and goes on after a failure", async () => {
    assert.equal(
      (await podwire("apply", "-f", DEMO)).stdout,
      "pod/web-1 created\npod/web-2 created\npod/web-3 created\npod/pair created\n",
    );
    assert.equal(
      (await podwire("apply", "-f", DEMO)).stdout,
      "pod/web-1 unchanged\npod/web-2 unchanged\npod/web-3 unchanged\npod/pair unchanged\n",
    );
    const file = join(folder, "pods.yaml");
    const pod = (name: string, label: string) =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, labels: {app: ${label}}}\nspec: {containers: [{name: c, image: agnhost, args: [pause]}]}\n`;
    writeFileSync(file, pod("changing", "one"));
    assert.equal((await podwire("apply", "-f", file)).stdout, "pod/changing created\n");
    writeFileSync(file, pod("Bad_Name", "x") + pod("changing", "two"));
    const { code, stdout, stderr } = await podwire("apply", "-f", file);
    assert.equal(stdout, "pod/changing configured\n");
    assert.match(
      stderr,
      /^Error from server \(Invalid\): pod\/Bad_Name: Pod "Bad_Name" is invalid: metadata\.name/,
    );
    assert.equal(code, 1);
    const labels = JSON.parse((await podwire("get", "pod", "changing", "-o", "json")).stdout).metadata.labels;
    assert.deepEqual(labels, { app: "two" });
  });

  it("get -w sees the pods come up; get prints tables, names, YAML and lists", async () => {
    const watch = start(["get", "pods", "-w"]);
    let seen = "";
    const running = new Set<string>();
    for await (const chunk of watch.stdout!) {
      seen += String(chunk);
      for (const [, name] of seen.matchAll(/^(\S+) +\d\/\d +Running /gm)) running.add(name!);
      if (running.size === 5) break;
    }
    watch.kill("SIGINT");
    const [code] = (await once(watch, "exit")) as [number];
    assert.equal(code, 130);
    const table = (await podwire("get", "pods", "-l", "app=web")).stdout;
    assert.match(
      table,
      /^NAME {4}READY {3}STATUS {4}RESTARTS {3}AGE\nweb-1 {3}1\/1 {5}Running {3}0 {10}\d+s\nweb-2 .*\nweb-3 .*\n$/,
    );
    assert.match(
      (await podwire("get", "pods", "-o", "wide", "-A")).stdout,
      /^NAMESPACE +NAME +READY .* IP +NODE /,
    );
    assert.equal(
      (await podwire("get", "pod/web-1", "node/node-1", "-o", "name")).stdout,
      "pod/web-1\nnode/node-1\n",
    );
    assert.match((await podwire("get", "po", "web-1", "-o", "yaml")).stdout, /^apiVersion: v1\nkind: Pod\n/);
    assert.equal(JSON.parse((await podwire("get", "no,po", "-o", "json")).stdout).items.length, 2 + 5);
    const none = await podwire("get", "pods", "-n", "kube-system");
    assert.deepEqual(none, { code: 0, stdout: "", stderr: "No resources found in kube-system namespace\n" });
    const missing = await podwire("get", "pod", "nope");
    assert.deepEqual(missing, {
      code: 1,
      stdout: "",
      stderr: 'Error from server (NotFound): pods "nope" not found\n',
    });
  });

  it("exec passes stdin, streams and the exit code on", async () => {
    assert.deepEqual(
      await podwire("exec", "pair", "-c", "client", "--", "sh", "-c", "echo out; echo err >&2; exit 7"),
      {
        code: 7,
        stdout: "out\n",
        stderr: "err\n",
      },
    );
    const large = "x".repeat(1 << 20);
    assert.equal((await fed(large, "exec", "-i", "web-1", "--", "cat")).stdout, large);
    const several = await podwire("exec", "pair", "--", "true");
    assert.equal(several.code, 1);
    assert.match(
      several.stderr,
      /a container name must be specified for pod pair, choose one of: \[server client\]/,
    );
  });

  it("exec runs programs in the network of a node, and names the hosts that there are", async () => {
    const { stdout } = await podwire("exec", "node/node-2", "--", "ip", "-o", "addr", "show", "eth0");
    assert.match(stdout, /inet 172\.30\.0\.12\/16 /);
    assert.equal((await podwire("exec", "node/node-1", "--", "sh", "-c", "exit 7")).code, 7);
    const unknown = await podwire("exec", "outside/client", "--", "true");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /lab cli has no outside host client \(it has: none\); lab.yaml names them/);
    assert.equal((await podwire("exec", "-c", "main", "node/node-1", "--", "true")).code, 2);
  });

  it("logs prints what was written, and follows until Ctrl-C", async () => {
    assert.match(
      (await podwire("logs", "pair", "-c", "client")).stdout,
      /^server answers on localhost:8080$/m,
    );
    assert.equal((await podwire("logs", "web-1", "--tail", "1")).stdout.split("\n").length, 2);
    assert.match(
      (await podwire("logs", "web-1", "--timestamps", "--tail", "1")).stdout,
      /^\d{4}-\d\d-\d\dT[\d:.]+Z /,
    );
    const follow = start(["logs", "-f", "web-1"]);
    await once(follow.stdout!, "data");
    follow.kill("SIGINT");
    assert.equal((await finish(follow)).code, 130);
  });

  it("get services tells what their backends are, and -w when that changes", async () => {
    const file = join(folder, "services.yaml");
    const service = (name: string, spec: string) =>
      `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
    writeFileSync(
      file,
      service("web", "{selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}") +
        service("nobody", "{selector: {app: nobody}, ports: [{port: 80}]}") +
        service("outside", "{type: ExternalName, externalName: example.test}"),
    );
    const watch = start(["get", "services", "-w"]);
    assert.equal((await podwire("apply", "-f", file)).code, 0);
    let seen = "";
    for await (const chunk of watch.stdout!) {
      seen += String(chunk);
      if (/^web .* 80\/TCP +3 ready /m.test(seen)) break;
    }
    watch.kill("SIGINT");
    await once(watch, "exit");
    const wide = (await podwire("get", "svc", "-o", "wide")).stdout;
    assert.match(wide, /^NAME +TYPE .* BACKENDS +ADDRESSES +AGE +SELECTOR$/m);
    assert.match(wide, /^web .* 3 ready +10\.244\.\d\.\d+:8080,/m);
    assert.match(wide, /^nobody .* none +<none> /m);
    assert.match(wide, /^outside +ExternalName .* - +example\.test /m);
    assert.match(
      (await podwire("status")).stdout,
      /^services: \d+ with \d+ backends; without one: default\/nobody$/m,
    );
    assert.equal((await podwire("delete", "-f", file)).code, 0);
  });

  it("matrix: every pod reaches every other one and keeps its address", async () => {
    const { code, stdout, stderr } = await podwire("matrix", "-o", "json");
    assert.equal(code, 0, stderr);
    const { summary, paths } = JSON.parse(stdout);
    assert.deepEqual(summary, { paths: 5 * 4 * 4, works: 80, nat: 0, fails: 0, unmeasured: 0 });
    assert.equal(paths.length, 80);
    const table = (await podwire("matrix", "-l", "app=web")).stdout;
    assert.match(table, /^TCP over IPv4, round trip in ms\nFROM {4}NODE {5}SEEN AS +web-1 +web-2 +web-3\n/);
    assert.match(table, /\n24 of 24 paths work, no NAT\n$/);
  });

  it("delete waits until the pods are gone", async () => {
    assert.equal((await podwire("delete", "pod", "web-3")).stdout, 'pod "web-3" deleted\n');
    assert.equal((await podwire("get", "pod", "web-3")).code, 1);
    assert.equal((await podwire("delete", "pod", "web-3")).code, 1);
    assert.equal((await podwire("delete", "pod", "web-3", "--ignore-not-found")).code, 0);
    await podwire("delete", "-f", DEMO, "--ignore-not-found");
    assert.equal((await podwire("get", "pods", "-o", "name")).stdout, "pod/changing\n");
    await podwire("delete", "pods", "--all");
    assert.equal((await podwire("get", "pods")).stderr, "No resources found in default namespace\n");
  });

  it("a second up of the name is refused, and the first goes on", async () => {
    const { code, stderr } = await podwire("up");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: lab cli is already up: take it down with "podwire down --name cli", or use another --name\n$/,
    );
    assert.equal((await podwire("status")).code, 0);
  });

  it("up in the foreground stays until Ctrl-C, which takes all of it away: exit code 130", async () => {
    const up = start(["up", "--nodes", "1"], "foreground");
    up.stdin!.end();
    const ended = finish(up);
    await said(up, /Ctrl-C removes the lab/);
    up.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 130);
    assert.equal(stdout, "");
    assert.match(stderr, /lab foreground is gone\n$/);
    assert(!existsSync(join(run, "foreground")));
  });

  it("Ctrl-C while it starts: the same", async () => {
    const up = start(["up", "--nodes", "1"], "hasty");
    up.stdin!.end();
    const ended = finish(up);
    await said(up, /starting the node daemons/);
    up.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert(!existsSync(join(run, "hasty")));
  });

  it("kill -9 of up leaves a lab that runs, that status shows, and that down removes", async () => {
    const up = start(["up", "--nodes", "1"], "orphan");
    up.stdin!.end();
    await said(up, /Ctrl-C removes the lab/);
    up.kill("SIGKILL");
    await once(up, "exit");
    const status = await podwire("status", "--name", "orphan");
    assert.match(status.stdout, /^lab orphan: Degraded/);
    assert.match(status.stdout, /\nup +dead /);
    assert.match(status.stdout, /\nnode-1 +Ready .* live /);
    // Nobody starts it again: the node goes on by itself, and says so.
    const { processes } = JSON.parse((await podwire("status", "--name", "orphan", "-o", "json")).stdout);
    process.kill(processes.find((each: { name: string }) => each.name === "control-plane").pid, "SIGKILL");
    let cutOff: string;
    do cutOff = (await podwire("status", "--name", "orphan")).stdout;
    while (!cutOff.includes("cut off"));
    assert.match(cutOff, /\nnode-1 +Unknown .* cut off \d+s, serves revision \d+ /);
    assert.match(cutOff, /\nservices: \?\n/);
    const down = await podwire("down", "--name", "orphan");
    assert.match(down.stderr, /lab orphan is gone/);
    assert(!existsSync(join(run, "orphan")));
  });

  it("down of a lab in the background ends its supervisor too", async () => {
    const { processes } = JSON.parse((await podwire("status", "-o", "json")).stdout);
    const { code, stderr } = await podwire("down");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^removing lab cli\nlab cli is gone \([\d.]+ m?s\)\n$/);
    await new Promise(resolve => setImmediate(resolve));
    for (const { pid } of processes) assert(!existsSync(`/proc/${pid}/exe`), `process ${pid} lives on`);
    assert(!existsSync(run));
  });
});
