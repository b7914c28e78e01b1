/** What people do with kubectl in running pods, with every kubectl that there is: over SPDY, WebSocket and the tunnel. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kinds } from "@podwire/api";
import { describeKubectls, type Running, type Said, start, startInTerminal } from "./kubectls.ts";
import { podManifest, runPods, useLab } from "./lab.ts";
import { consolePod, exchange, patternHash, sha256, transferPod } from "./stream-pods.ts";

const MEBIBYTE = 1 << 20;

describeKubectls("journey: streams", kubectl => {
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  let folder: string;

  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), "podwire-streams-"));
    const web = podManifest("web");
    web.spec.containers[0]!.ports = [{ containerPort: 8080 }] as never;
    await runPods(context.lab, [
      web,
      transferPod("transfer"),
      consolePod("typed", "while read -r line; do echo got $line; done", { stdin: true }),
      consolePod("screen", "sh", { stdin: true, tty: true }),
      consolePod("counter", "for i in $(seq 1 200); do echo line $i; done; sleep 1; echo later; sleep 60"),
    ]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (words: string, input?: Buffer | string): Promise<Said> => begin(words, input ?? "").said;
  const begin = (words: string, input?: Buffer | string): Running =>
    start(context.lab.paths.kubeconfig, kubectl.path, split(words), input);
  const split = (words: string): string[] => {
    const [options, command] = words.split(" -- ");
    return [...options!.split(" "), ...(command === undefined ? [] : ["--", "sh", "-c", command])];
  };

  it("exec: output, complaints, exit code", async () => {
    const { code, stdout, stderr } = await run("exec web -- echo out; echo problem >&2; exit 3");
    assert.deepEqual([code, stdout.toString()], [3, "out\n"]);
    assert.match(stderr, /^problem\ncommand terminated with exit code 3\n$/);
    const missing = await run("exec web -- exec no-such-program");
    assert.equal(missing.code, 127);
  }).timeout(20_000);

  it("exec: many lines out, binary in and out", async () => {
    const { stdout } = await run("exec web -- seq 1 100000");
    assert.equal(stdout.toString(), Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`).join(""));
    const bytes = randomBytes(8 * MEBIBYTE);
    const hashed = await run("exec -i web -- sha256sum", bytes);
    assert.equal(hashed.stdout.toString().split(" ")[0], sha256(bytes));
    const echoed = await run("exec -i web -- cat", bytes);
    assert.equal(sha256(echoed.stdout), sha256(bytes));
  }).timeout(30_000);

  it("exec: a terminal with its size, what is typed, and the exit code", async () => {
    const words = [kubectl.path, "exec", "-it", "web", "--", "sh"];
    const terminal = startInTerminal(context.lab.paths.kubeconfig, { rows: 33, columns: 101 }, words);
    await terminal.until(/# $/);
    terminal.type("tty; stty size; exit 4\r");
    await terminal.until(/\/dev\/pts\/0\r\n33 101\r\n/);
    assert.equal((await terminal.said).code, 4);
  }).timeout(20_000);

  it("exec: says what cannot be", async () => {
    const cases: [words: string, message: RegExp][] = [
      ["exec none -- true", /pods "none" not found/],
      ["exec -c none web -- true", /container none (is not valid for|not found in) pod web/],
    ];
    for (const [words, message] of cases) {
      const { code, stderr } = await run(words);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  }).timeout(20_000);

  it("cp: a file in and out again", async () => {
    const [here, back] = [join(folder, "here"), join(folder, "back")];
    const bytes = randomBytes(3 * MEBIBYTE);
    writeFileSync(here, bytes);
    const copied = await run(`cp ${here} web:/tmp/there`);
    assert.equal(copied.code, 0, copied.stderr);
    const fetched = await run(`cp web:/tmp/there ${back}`);
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.equal(sha256(readFileSync(back)), sha256(bytes));
  }).timeout(30_000);

  it("attach: to stdin, and to a terminal, of what runs", async () => {
    const typed = begin("attach -i typed");
    typed.type("one\ntwo\n");
    await typed.until(/got one\ngot two\n/);
    typed.kill("SIGINT");
    await typed.said;
    const words = [kubectl.path, "attach", "-it", "screen"];
    const screen = startInTerminal(context.lab.paths.kubeconfig, { rows: 30, columns: 90 }, words);
    screen.type("\r");
    await screen.until(/# $/);
    screen.type("stty size; tty\r");
    await screen.until(/30 90\r\n\/dev\/pts\/0\r\n/);
    screen.kill();
    await screen.said;
    // The container goes on without its client.
    assert.equal(
      (await run("get pod typed screen -o jsonpath={.items[*].status.phase}")).stdout.toString(),
      "Running Running",
    );
  }).timeout(30_000);

  it("run -i --rm: input, output, exit code, and nothing left", async () => {
    const options = "run once -i --rm --restart=Never --image=shell --command";
    const { code, stdout } = await run(`${options} -- cat; exit 5`, "typed\n");
    assert.match(stdout.toString(), /typed\n/);
    assert.equal(code, 5);
    assert.equal((await run("get pod once")).code, 1);
  }).timeout(30_000);

  it("logs: whole, the last lines, with times, a few bytes, as they come", async () => {
    const lines = async (words: string) => (await run(`logs counter ${words}`)).stdout.toString();
    const followed = begin("logs -f counter");
    await followed.until(/line 1\n[\s\S]*line 200\nlater\n/);
    followed.kill();
    assert.equal(await lines("--tail=3"), "line 199\nline 200\nlater\n");
    assert.match(await lines("--tail=1 --timestamps"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z later\n$/);
    assert.equal(await lines("--limit-bytes=7"), "line 1\n");
    assert.equal(await lines("--since-time=2999-01-01T00:00:00Z"), "");
    assert.match(await lines("--since=1h"), /^line 1\n/);
    const none = await run("logs counter --previous");
    assert.match(none.stderr, /previous terminated container "main" in pod "counter" not found/);
  }).timeout(20_000);

  it("port-forward: many connections at once, large transfers both ways, a port where nothing listens", async () => {
    const forward = begin("port-forward pod/transfer :7000 :7001");
    const [, port] = await forward.until(/127\.0\.0\.1:(\d+) -> 7000/);
    const [, silent] = await forward.until(/127\.0\.0\.1:(\d+) -> 7001/);
    const small = Array.from({ length: 60 }, async (_, at) => {
      const answer = await exchange(Number(port), `SEND ${10_000 + at}\n`);
      assert.equal(sha256(answer), patternHash(10_000 + at));
    });
    await Promise.all(small);
    const bytes = randomBytes(24 * MEBIBYTE);
    const [down, up] = await Promise.all([
      exchange(Number(port), `SEND ${48 * MEBIBYTE}\n`),
      exchange(Number(port), Buffer.concat([Buffer.from("TAKE\n"), bytes])),
    ]);
    assert.equal(sha256(down), patternHash(48 * MEBIBYTE));
    assert.equal(up.toString(), sha256(bytes));
    // Some kubectls end with the first connection that fails.
    assert.equal((await exchange(Number(silent), "x").catch(() => Buffer.alloc(0))).length, 0);
    forward.kill();
    assert.match(
      (await forward.said).stderr,
      /error forwarding port 7001 to pod transfer, uid .*connection refused/,
    );
  }).timeout(60_000);

  it("port-forward: nothing is left of it on the node", async () => {
    const forward = begin("port-forward pod/transfer :7000");
    const [, port] = await forward.until(/127\.0\.0\.1:(\d+) -> 7000/);
    const answer = exchange(Number(port), "TAKE\n").catch(() => Buffer.alloc(0));
    assert.equal((await answer).toString(), sha256(Buffer.alloc(0)));
    forward.kill();
    await forward.said;
    const inside = "exec transfer -- cat /proc/net/tcp | grep -c ' 01 '; true";
    while ((await run(inside)).stdout.toString().trim() !== "0");
  }).timeout(30_000);

  it("proxy: to a pod, through the server", async () => {
    const path = "/api/v1/namespaces/default/pods/web/proxy/hostname";
    const { stdout, stderr } = await run(`get --raw ${path}`);
    assert.equal(stdout.toString(), "web", stderr);
  }).timeout(20_000);

  it("a client that is killed leaves no command behind", async () => {
    const client = begin("exec web -- echo started; exec sleep 12345");
    await client.until(/started/);
    client.kill();
    await client.said;
    // The pattern does not match itself in the command line of the shell that looks.
    const left = "exec web -- grep -l '1234[5]' /proc/[0-9]*/cmdline 2>/dev/null | wc -l";
    while ((await run(left)).stdout.toString().trim() !== "0");
    assert.equal(
      (await context.lab.client.get(kinds.pods, { namespace: "default", name: "web" })).status.phase,
      "Running",
    );
  }).timeout(30_000);
});
