/** The command as people run it: a process, its exit code, and what goes to which stream. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../bundle/main.js", import.meta.url));

describe("podwire command line", function () {
  this.timeout(20_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "podwire-cli-test-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function podwire(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const { PODWIRE_LAB, ...inherited } = process.env;
    const env = { ...inherited, PODWIRE_RUN_DIR: join(folder, "run"), ...environment };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
      env,
      encoding: "utf8",
      input: "",
    });
    return { status, stdout, stderr };
  }

  it("prints help and version on stdout", () => {
    const help = podwire(["--help"]);
    assert.equal(help.status, 0);
    assert.match(
      help.stdout,
      /Usage: podwire \[options\] \[command\][\s\S]*Exit codes: 0, 1 failed, 2 usage, 130 interrupted/,
    );
    assert.equal(help.stderr, "");
    assert.match(podwire(["version"]).stdout, /^podwire \d+\.\d+\.\d+\n$/);
    assert.equal(podwire(["--version"]).stdout, podwire(["version"]).stdout);
    assert.equal(podwire(["help", "up"]).stdout, podwire(["up", "--help"]).stdout);
    assert.match(podwire(["exec", "--help"]).stdout, /podwire exec \[options\] <pod> -- <command\.\.\.>/);
  });

  const usage: readonly (readonly [words: string, message: RegExp])[] = [
    ["gett pods", /unknown command 'gett'\n\(Did you mean get\?\)/],
    ["up --node 3", /unknown option '--node'\n\(Did you mean --nodes\?\)/],
    [
      "up --nodes many",
      /argument 'many' is invalid\. It must be an integer from 1 to 250\.\n\(see podwire up --help\)/,
    ],
    ["up --wait-timeout soon", /It must be a duration such as 30s, 5m or 1h30m/],
    ["up --wait-timeout 0", /It must be at least 1s/],
    ["up --name ../x", /"\.\.\/x" cannot be the name of a lab: must be at most 40 lower-case letters/],
    ["up -f none.yaml", /none\.yaml: no such file/],
    ["get", /missing required argument 'kind'/],
    ["get pods -o xml", /Allowed choices are json, yaml, wide, name/],
    ["get pod/", /"pod\/" must be KIND\/NAME, such as pod\/web/],
    ["get podz", /unknown kind "podz" \(did you mean "pods"\?\); known are /],
    ["get pods -l a=b=c", /--selector: unable to parse requirement/],
    ["image load none.tar", /none\.tar: no such file/],
    ["logs node/node-1", /"node\/node-1" must be a pod, such as web or pod\/web/],
    ["exec pod/ -- ls", /"pod\/" must be a pod/],
    ["get pods web -A", /an object's name needs its namespace/],
    ["apply", /required option '-f, --file <manifest>' not specified/],
    ["apply -f none.yaml", /none\.yaml: no such file/],
    ["delete", /delete takes a kind with names, or -f with manifests/],
    ["exec web ls -l", /unknown option '-l'\n\(options of the command itself go after --/],
    ["bench overlay --chart chart.png", /must end in \.svg or \.html/],
    ["", /Usage: podwire/],
  ];
  for (const [words, message] of usage) {
    it(`podwire ${words}: exit code 2`, () => {
      const { status, stdout, stderr } = podwire(words.split(" ").filter(Boolean));
      assert.match(stderr, message);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, "");
    });
  }

  it("a lab.yaml with problems: all of them, exit code 2, nothing made", () => {
    const file = join(folder, "lab.yaml");
    writeFileSync(file, "apiVersion: podwire.dev/v1alpha1\nkind: Cluster\nvxlan: {vni: 0, prot: 1}\n");
    const { status, stderr } = podwire(["up", "-f", file]);
    assert.equal(
      stderr,
      `error: ${file}:3:14: vxlan.vni: is 0, must be an integer from 1 to 16777215\n${file}:3:17: vxlan.prot: unknown field, did you mean "port"?\n`,
    );
    assert.equal(status, 2);
  });

  it("--nodes and a list of nodes exclude each other", () => {
    const file = join(folder, "nodes.yaml");
    writeFileSync(file, "apiVersion: podwire.dev/v1alpha1\nkind: Cluster\nnodes: [{name: a}]\n");
    const { status, stderr } = podwire(["up", "-f", file, "--nodes", "2"]);
    assert.match(stderr, /nodes\.yaml:3:8: nodes: are listed here, so --nodes 2 must be left out/);
    assert.equal(status, 2);
  });

  it("commands for a lab that is not up say how to start it: exit code 1", () => {
    for (const words of [
      ["status"],
      ["get", "pods"],
      ["logs", "web"],
      ["matrix"],
      ["exec", "web", "--", "true"],
    ]) {
      const { status, stdout, stderr } = podwire([...words.slice(0, 1), "--name", "nope", ...words.slice(1)]);
      assert.equal(stderr, 'error: lab nope is not up: start it with "podwire up --name nope"\n');
      assert.equal(status, 1);
      assert.equal(stdout, "");
    }
    assert.match(podwire(["status"], { PODWIRE_LAB: "other" }).stderr, /lab other is not up/);
  });

  it("down of nothing is no failure", () => {
    const { status, stderr } = podwire(["down", "--name", "nope"]);
    assert.equal(stderr, "removing lab nope\nlab nope is not up: nothing to remove\n");
    assert.equal(status, 0);
    assert.equal(podwire(["down", "--all"]).stderr, "no lab is up\n");
  });

  it("starts quickly: help loads no command", () => {
    const script = `
      await import(${JSON.stringify(new URL("program.js", import.meta.url).href)}).then(m => m.runCommandLine(["--help"], {
        stdout: { write() {} }, stderr: { write() {} }, paint: (_, t) => t, paintError: (_, t) => t, moves: false }));
      const loaded = process.moduleLoadList.filter(name => /http|worker_threads$|child_process/.test(name));
      console.log(loaded.filter(name => /NativeModule (http|_http_server)$/.test(name)).length);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    assert.equal(stdout, "0\n");
  });
});
