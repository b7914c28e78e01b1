/** Labs in the kubeconfigs of users: what comes, what goes, and that nothing else of the file ever changes. */
import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type LabPaths, labPaths } from "../state/directory.ts";
import { userKubeconfig } from "./file.ts";
import { mergeKubeconfig, unmergeKubeconfigs } from "./merged.ts";
import { writeOwnFile } from "./own-file.ts";

const SERVER = { url: "https://127.0.0.1:6443", tls: { ca: "authority", cert: "certificate", key: "key" } };

const MINE = `# my clusters
apiVersion: v1
kind: Config
clusters:
- name: work   # the big one
  cluster:
    server: https://work.example
contexts:
- name: work
  context: {cluster: work, user: me}
current-context: work
users:
- name: me
  user:
    token: "abc"
`;

describe("kubeconfig", () => {
  let home: string;
  let file: string;
  let labs: Map<string, LabPaths>;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), `podwire-kubeconfig-${process.pid}-`));
    file = join(home, "config");
    labs = new Map();
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const pathsOf = (lab: string): LabPaths => {
    const paths = labs.get(lab) ?? labPaths(lab, join(home, "run"));
    labs.set(lab, paths);
    mkdirSync(paths.directory, { recursive: true });
    return paths;
  };
  const merge = (lab: string, isCurrent = false, into = file) =>
    mergeKubeconfig(lab, pathsOf(lab), SERVER, { file: into, isCurrent });
  const unmerge = (lab: string) => unmergeKubeconfigs(lab, pathsOf(lab));
  const text = () => readFileSync(file, "utf8");
  const names = (list: string) => (parse(text())[list] ?? []).map((each: { name: string }) => each.name);

  it("merges into a file and out of it again, which is then as it was, comments included", async () => {
    writeFileSync(file, MINE, { mode: 0o640 });
    await merge("one");
    for (const list of ["clusters", "contexts", "users"]) assert(names(list).includes("podwire-one"), list);
    assert.equal(parse(text())["current-context"], "work");
    assert(text().startsWith("# my clusters\n"));
    assert.match(text(), /name: work {1,3}# the big one/);
    const { cluster } = parse(text()).clusters[1];
    assert.deepEqual(cluster, {
      server: "https://127.0.0.1:6443",
      "certificate-authority-data": Buffer.from("authority").toString("base64"),
    });
    assert.equal(statSync(file).mode & 0o777, 0o640);
    await unmerge("one");
    assert.deepEqual(parse(text()), parse(MINE));
    assert.equal(
      text().replace(/ +#/g, " #"),
      MINE.replace(/ +#/g, " #").replace("{cluster: work, user: me}", "{ cluster: work, user: me }"),
    );
    assert.deepEqual(readdirSync(home).sort(), ["config", "run"]);
  });

  it("makes a file and its directory, for its owner alone", async () => {
    file = join(home, "deep", ".kube", "config");
    await merge("one", true);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(parse(text())["current-context"], "podwire-one");
    await unmerge("one");
    assert.deepEqual(parse(text()), {
      apiVersion: "v1",
      kind: "Config",
      clusters: [],
      contexts: [],
      users: [],
      "current-context": "",
    });
  });

  it("makes the lab current only when told, and then gives back what was before", async () => {
    writeFileSync(file, MINE);
    await merge("one", true);
    await merge("one", true);
    assert.equal(parse(text())["current-context"], "podwire-one");
    assert.deepEqual(names("clusters"), ["work", "podwire-one"]);
    await unmerge("one");
    assert.equal(parse(text())["current-context"], "work");

    await merge("one", true);
    writeFileSync(file, text().replace("current-context: podwire-one", "current-context: other"));
    await unmerge("one");
    assert.equal(parse(text())["current-context"], "other");
  });

  it("keeps lists that others left empty or in brackets", async () => {
    writeFileSync(file, "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\nusers:\n");
    await merge("one");
    assert.deepEqual([names("clusters"), names("contexts"), names("users")], Array(3).fill(["podwire-one"]));
    writeFileSync(file, JSON.stringify(parse(MINE)));
    await merge("two");
    assert.deepEqual(names("users"), ["me", "podwire-two"]);
    await unmerge("two");
    assert.deepEqual(parse(text()), parse(MINE));
  });

  it("lets many labs come and go at once", async () => {
    writeFileSync(file, MINE);
    const many = Array.from({ length: 12 }, (_, index) => `lab-${index}`);
    await Promise.all(many.map(lab => merge(lab)));
    assert.deepEqual(names("users").sort(), ["me", ...many.map(lab => `podwire-${lab}`)].sort());
    await Promise.all([...many.slice(1).map(unmerge), merge("late")]);
    assert.deepEqual(names("contexts").sort(), ["podwire-lab-0", "podwire-late", "work"]);
    assert(!existsSync(`${file}.lock`));
  });

  it("waits for whoever holds the lock", async () => {
    writeFileSync(file, MINE);
    writeFileSync(`${file}.lock`, "");
    let isMerged = false;
    const merging = merge("one").then(() => {
      isMerged = true;
    });
    // Longer than the lock is looked at: it must have been seen held.
    await new Promise(resolve => setTimeout(resolve, 60));
    assert(!isMerged);
    assert.equal(text(), MINE);
    rmSync(`${file}.lock`);
    await merging;
    assert(names("users").includes("podwire-one"));
  });

  it("changes the file behind a link, also one that is not there yet", async () => {
    const real = join(home, "dotfiles");
    mkdirSync(real);
    writeFileSync(join(real, "kube"), MINE);
    symlinkSync("dotfiles/kube", file);
    await merge("one");
    assert(lstatSync(file).isSymbolicLink());
    assert.match(readFileSync(join(real, "kube"), "utf8"), /podwire-one/);

    const dangling = join(home, "later");
    symlinkSync("dotfiles/later", dangling);
    await merge("one", false, dangling);
    assert(lstatSync(dangling).isSymbolicLink());
    assert.match(readFileSync(join(real, "later"), "utf8"), /podwire-one/);
    await unmerge("one");
    for (const name of ["kube", "later"])
      assert.doesNotMatch(readFileSync(join(real, name), "utf8"), /podwire-one/);
  });

  const broken: [string, string, RegExp][] = [
    ["no YAML", "clusters: [\n", /is no kubeconfig that can be changed \(.* at line 2/],
    ["no map", "- a\n- b\n", /it is not a map of fields/],
    ["another kind", "apiVersion: v1\nkind: Pod\n", /its kind is "Pod"/],
    ["a list that is none", "apiVersion: v1\nkind: Config\nusers: {a: b}\n", /its field users is no list/],
    ["two documents", "a: b\n---\nc: d\n", /is no kubeconfig that can be changed/],
  ];
  for (const [what, content, message] of broken) {
    it(`refuses a file that is broken (${what}), and leaves it alone`, async () => {
      writeFileSync(file, content);
      await assert.rejects(merge("one"), error => {
        const said = (error as Error).message;
        return (
          said.startsWith(file) &&
          message.test(said) &&
          /mend it, or set KUBECONFIG to another file$/.test(said)
        );
      });
      assert.equal(text(), content);
      assert.deepEqual(readdirSync(home).sort(), ["config", "run"]);
    });
  }

  it("names what it could not take out, and how to", async () => {
    writeFileSync(file, MINE);
    await merge("one");
    writeFileSync(file, "{{{");
    await assert.rejects(
      unmerge("one"),
      /the entries podwire-one could not .*kubectl config delete-context podwire-one/s,
    );
    assert.equal(text(), "{{{");
    await unmerge("one");
    await merge("two", false, join(home, "gone"));
    rmSync(join(home, "gone"));
    await unmerge("two");
    assert(!existsSync(join(home, "gone")));
  });

  it("takes back what it merged for a lab that went meanwhile", async () => {
    writeFileSync(file, MINE);
    const paths = pathsOf("one");
    rmSync(paths.directory, { recursive: true });
    await assert.rejects(
      mergeKubeconfig("one", paths, SERVER, { file, isCurrent: false }),
      /lab one was taken down meanwhile/,
    );
    assert.equal(text(), MINE);
  });

  it("overwrites a file of its own, and no other", async () => {
    await writeOwnFile("one", file, "contexts:\n- name: podwire-one\n");
    await writeOwnFile("one", file, "contexts:\n- name: podwire-one\n  context: {}\n");
    await assert.rejects(
      writeOwnFile("two", file, "x"),
      /has contexts of others \(podwire-one\): choose another file/,
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    writeFileSync(file, MINE);
    await assert.rejects(writeOwnFile("one", file, "x"), /has contexts of others \(work\)/);
    assert.equal(text(), MINE);
  });

  it("finds the user's own: the first of KUBECONFIG, else under the home directory", () => {
    assert.equal(userKubeconfig({ KUBECONFIG: "/a/b:/c", HOME: "/h" }), "/a/b");
    assert.equal(userKubeconfig({ KUBECONFIG: ":/c", HOME: "/h" }), "/c");
    assert.equal(userKubeconfig({ KUBECONFIG: "", HOME: "/h" }), "/h/.kube/config");
    assert.equal(userKubeconfig({ HOME: "/h" }), "/h/.kube/config");
  });
});
