/**
 * What people get wrong and machines do not have: each time the exact message, which says the way out, the exit code,
 * and nothing left behind.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allKinds } from "@podwire/api";
import { Commands, type Outcome, ROOT } from "./command.ts";
import { Belongings } from "./traces.ts";

const coreKinds = allKinds.filter(({ group }) => group === "").map(({ kind }) => kind);

describe("journey: bad input, up", function () {
  this.timeout(30_000);
  let commands: Commands;
  let folder: string;

  before(() => {
    commands = new Commands("bad-up");
    folder = mkdtempSync(join(tmpdir(), "podwire-bad-up-files-"));
    chmodSync(folder, 0o755);
  });

  after(() => {
    commands.clear();
    rmSync(folder, { recursive: true });
  });

  afterEach(() => assert.deepEqual(Belongings.of(commands.runDirectory).left(), []));

  function up(words: readonly string[], within: readonly string[] = []): Promise<Outcome> {
    return commands.start(["up", "--name", "bad", ...words], { within }).outcome;
  }

  function fails({ code, stdout, stderr }: Outcome, expected: number, message: string): void {
    assert.equal(stderr, `error: ${message}\n`);
    assert.equal(stdout, "");
    assert.equal(code, expected);
  }

  /** A lab.yaml with these lines after its first two. */
  function labYaml(lines: string): string {
    const path = join(folder, "lab.yaml");
    writeFileSync(path, `apiVersion: podwire.dev/v1alpha1\nkind: Cluster\n${lines}\n`);
    return path;
  }

  it("no TUN device", async () => {
    const hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"];
    fails(
      await up([], hidden),
      1,
      "/dev/net/tun cannot be opened (ENOENT): load the tun module (modprobe tun), or give the container the device (docker run --device /dev/net/tun)",
    );
  });

  it("no privilege: not root, root without capabilities, root of a user namespace alone", async () => {
    const message =
      "a lab needs CAP_NET_ADMIN and CAP_SYS_ADMIN for its network namespaces: run podwire as root (sudo)";
    fails(await up([], ["unshare", "--user"]), 1, message);
    fails(await up([], ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]), 1, message);
    fails(
      await up([], ["unshare", "--user", "--map-root-user"]),
      1,
      "this user namespace does not own the network namespace that it runs in: run podwire as the machine's root",
    );
    const lab = await commands.startProgram("unshare", ["--user", join(ROOT, "scripts/lab")]).outcome;
    assert.equal(
      lab.stderr,
      "podwire: a lab makes network namespaces and TUN devices: run it as root (sudo scripts/lab)\n",
    );
    assert.equal(lab.code, 1);
  });

  it("an API port in use", async () => {
    const server: Server = createServer();
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      fails(
        await up(["-f", labYaml(`apiServer: {port: ${port}}`)]),
        1,
        `127.0.0.1:${port} (apiServer.port of lab bad) is in use by another process: stop it, or choose another port`,
      );
    } finally {
      server.close();
    }
  });

  const wrong: readonly (readonly [what: string, lines: string, ...problems: string[]])[] = [
    [
      "pods and underlay that overlap in IPv4",
      "networking: {podCIDRs: [172.30.128.0/17, fd00:10:244::/56]}",
      "3:25: networking.podCIDRs[0]: 172.30.128.0/17 overlaps 172.30.0.0/16 (underlay.cidrs), Pods and underlay must not share addresses",
    ],
    [
      "pods and underlay that overlap in IPv6",
      "underlay:\n  cidrs: [172.30.0.0/16, fd00:10:244::/48]",
      "4:26: underlay.cidrs[1]: fd00:10:244::/48 overlaps fd00:10:244::/56 (networking.podCIDRs), Pods and underlay must not share addresses",
    ],
    [
      "a node name used twice",
      "nodes:\n- name: node-2\n- {namePrefix: node-, count: 3}\n- name: node-2",
      '5:16: nodes[1].namePrefix: "node-2" is already the name of a node of nodes[0].name, names must differ',
      '6:9: nodes[2].name: "node-2" is already the name of a node of nodes[1].namePrefix, names must differ',
    ],
    [
      "fields that there are not, and values that may not be",
      "vxlan: {prot: 4789, vni: 0}\nunderlay: {mtu: huge}",
      '3:9: vxlan.prot: unknown field, did you mean "port"?',
      "3:26: vxlan.vni: is 0, must be an integer from 1 to 16777215",
      '4:17: underlay.mtu: is the string "huge", must be an integer from 626 to 65535',
    ],
  ];
  for (const [what, lines, ...problems] of wrong) {
    it(`${what}: file:line:column`, async () => {
      const file = labYaml(lines);
      fails(await up(["-f", file]), 2, problems.map(problem => `${file}:${problem}`).join("\n"));
    });
  }

  it("a disk that is full", async () => {
    const small = 'mount -t tmpfs -o size=16m none "$PODWIRE_RUN_DIR" && exec "$@"';
    mkdirSync(commands.runDirectory);
    const outcome = await up([], ["unshare", "--mount", "sh", "-c", small, "sh"]);
    rmSync(commands.runDirectory, { recursive: true });
    fails(
      outcome,
      1,
      `${commands.runDirectory} has 16 MB free, a lab needs 64 MB: make room, or set PODWIRE_RUN_DIR to a directory on another disk`,
    );
  });

  it("a run directory that is none", async () => {
    const file = labYaml("");
    const env = { PODWIRE_RUN_DIR: file };
    const { code, stderr } = await commands.start(["up"], { env }).outcome;
    assert.equal(
      stderr,
      `error: ${file} cannot be read (ENOTDIR): labs have their directories there; see PODWIRE_RUN_DIR\n`,
    );
    assert.equal(code, 1);
  });

  it("a supervisor in the background that dies: what it said", async () => {
    const dies = "if (process.argv.includes('--supervise')) throw new RangeError('a part is missing')";
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(dies)}`;
    const { code, stderr } = await commands.start(["up", "--detach"], { env: { NODE_OPTIONS } }).outcome;
    assert.match(
      stderr,
      /^error: the supervisor of the lab died while it was starting \(exit code 1\): remove what it left with podwire down, then try again\n[\s\S]*RangeError: a part is missing\n/,
    );
    assert.equal(code, 1);
  });
});

describe("journey: bad input, in a lab", function () {
  this.timeout(30_000);
  let commands: Commands;

  before(async () => {
    commands = new Commands("bad-in");
    const up = await commands.run("up", "--detach", "--name", "good", "--nodes", "1", "--demo");
    assert.equal(up.code, 0, up.stderr);
  });

  after(() => commands.clear());

  function inLab(words: string, input = ""): Promise<Outcome> {
    return commands.start(words.split(" "), { env: { PODWIRE_LAB: "good" }, input }).outcome;
  }

  const refused: readonly (readonly [words: string, code: number, message: string])[] = [
    [
      "up",
      1,
      'error: lab good is already up: take it down with "podwire down --name good", or use another --name',
    ],
    ["upp", 2, "error: unknown command 'upp'\n(Did you mean up?)\n(see podwire --help)"],
    [
      "status --nmae x",
      2,
      "error: unknown option '--nmae'\n(Did you mean --name?)\n(see podwire status --help)",
    ],
    ["exec web-9 -- true", 1, 'Error from server (NotFound): pods "web-9" not found'],
    [
      "exec web-1 -c no -- true",
      1,
      "Error from server (BadRequest): container no is not valid for pod web-1",
    ],
    [
      "exec pair -- true",
      1,
      "Error from server (BadRequest): a container name must be specified for pod pair, choose one of: [server client]",
    ],
    ["exec web-1 -- no-such-command", 127, 'exec: "no-such-command": executable file not found in $PATH'],
    ["exec svc/web -- true", 2, 'error: "svc/web" must be a pod, such as web or pod/web'],
    ["logs web-9", 1, 'Error from server (NotFound): pods "web-9" not found'],
    ["logs web-1 -c no", 1, "Error from server (BadRequest): container no is not valid for pod web-1"],
    [
      "logs web-1 --previous",
      1,
      'Error from server (BadRequest): previous terminated container "netexec" in pod "web-1" not found',
    ],
    [
      "get podz",
      2,
      `error: unknown kind "podz" (did you mean "pods"?); known are ${allKinds.map(each => each.plural).join(", ")}`,
    ],
    ["get pod web-9", 1, 'Error from server (NotFound): pods "web-9" not found'],
    ["delete pods", 2, "error: delete pods: name them, or give --selector or --all"],
    [
      "matrix -l app=pair",
      1,
      "error: a matrix needs two running pods, there are 1: podwire apply -f examples/demo.yaml makes some",
    ],
  ];
  for (const [words, code, message] of refused) {
    it(`podwire ${words}`, async () => {
      const outcome = await inLab(words);
      assert.deepEqual(outcome, { code, stdout: "", stderr: `${message}\n` });
    });
  }

  const manifests: readonly (readonly [what: string, text: string, code: number, message: string])[] = [
    [
      "an unknown field",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n    imgae: agnhost\n",
      2,
      'error: (stdin):7:5: Pod "a": strict decoding error: unknown field "spec.containers[0].imgae" (did you mean "image"?)',
    ],
    [
      "a value of the wrong type",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: agnhost}\n",
      2,
      'error: (stdin):4:8: Pod "a": Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      "an invalid value",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {restartPolicy: Maybe, containers: [{name: c, image: agnhost}]}\n",
      1,
      'Error from server (Invalid): pod/a: Pod "a" is invalid: spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"',
    ],
    [
      "an unknown kind",
      "apiVersion: v1\nkind: Podd\nmetadata: {name: a}\n",
      2,
      `error: (stdin):2:1: kind: there is no "Podd" in v1 (did you mean "Pod"?); known are ${coreKinds.join(", ")}`,
    ],
    [
      "a namespace that is not there",
      demoPod("nope"),
      1,
      'Error from server (NotFound): pod/a: namespaces "nope" not found',
    ],
  ];
  for (const [what, text, code, message] of manifests) {
    it(`apply of ${what}`, async () => {
      assert.deepEqual(await inLab("apply -f -", text), { code, stdout: "", stderr: `${message}\n` });
    });
  }

  it("a pod in which the probe does not run is reported, and the others are measured", async () => {
    const crashing = demoPod("default").replace("args: [pause]", "command: [sh, -c, exit 3]");
    assert.equal((await inLab("apply -f -", crashing)).code, 0);
    const watch = commands.start(["get", "pod", "a", "-w", "--name", "good"]);
    await watch.said(/CrashLoopBackOff/);
    watch.child.kill("SIGKILL");
    const { code, stdout } = await inLab("matrix");
    await inLab("delete pod a --grace-period 0");
    assert.match(
      stdout,
      /\nnot measured: pod a on node-1: .*container c of pod default\/a is not running\n\n48 of 48 paths work, no NAT; pods not measured: 1\n$/,
    );
    assert.equal(code, 1);
  });

  it("a pod of hostNetwork has its place in the matrix, seen as its node", async () => {
    const host = demoPod("default").replace("spec: {", "spec: {hostNetwork: true, ");
    assert.equal((await inLab("apply -f -", host)).code, 0);
    const watch = commands.start(["get", "pod", "a", "-w", "--name", "good"]);
    await watch.said(/1\/1 +Running/);
    watch.child.kill("SIGKILL");
    const { code, stdout } = await inLab("matrix");
    await inLab("delete pod a --grace-period 0");
    assert.match(stdout, /\n80 of 80 paths work, no NAT\n$/);
    assert.match(stdout, /\na +node-1 +10\.244\.0\.1 ✓ /);
    assert.equal(code, 0);
  });

  it("the lab has not noticed", async () => {
    const { stdout } = await inLab("status");
    assert.match(stdout, /^lab good: Ready, /);
    assert.match(stdout, /\npods: 4 Running\n/);
  });
});

function demoPod(namespace: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ${namespace}}\nspec: {containers: [{name: c, image: agnhost, args: [pause]}]}\n`;
}
