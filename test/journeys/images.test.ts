/**
 * Images as a user meets them: an archive is loaded with `podwire image load`, a pod runs on it in a real lab, and
 * nothing of that is left but the store, from which `podwire image remove` takes it.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kinds, type Pod } from "@podwire/api";
import { type Lab, until } from "@podwire/lab";
import {
  busyboxLayer,
  dockerArchive,
  imageId,
  ociArchive,
  type TestImage,
  tar,
} from "@podwire/runtime/testing";
import { expectSuccess, ipv4Of, journeyLab, podManifest, runPods, sh } from "./lab.ts";

const MAIN = fileURLToPath(new URL("../../../packages/cli/bundle/main.js", import.meta.url));

const SERVER: TestImage = {
  references: ["example.test/team/server:1"],
  layers: [
    busyboxLayer([
      { name: "bin/httpd", type: "1", link: "bin/busybox" },
      { name: "etc/passwd", data: "root:x:0:0::/root:/bin/sh\nweb:x:1001:1002::/srv:/bin/sh\n" },
      { name: "etc/group", data: "web:x:1002:\n" },
      { name: "srv/" },
      { name: "srv/index.html", data: "first layer\n" },
      { name: "srv/old.html", data: "old\n" },
    ]),
    tar([{ name: "srv/" }, { name: "srv/.wh.old.html" }, { name: "srv/index.html", data: "second layer\n" }]),
  ],
  config: {
    Entrypoint: [
      "/bin/sh",
      "-c",
      'echo "serving as $(id -un) in $PWD: $GREETING"; exec httpd -f -p 8080 -h "$PWD"',
    ],
    Env: ["PATH=/bin", "GREETING=hello"],
    User: "web",
    WorkingDir: "/srv",
  },
};

describe("journey: images", function () {
  this.timeout(60_000);
  let folder: string;
  let lab: Lab;
  const inherited = process.env.PODWIRE_IMAGE_DIR;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), `podwire-journey-images-${process.pid}-`));
    process.env.PODWIRE_IMAGE_DIR = join(folder, "store");
    lab = await journeyLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  });
  after(async () => {
    await lab?.down();
    if (inherited === undefined) delete process.env.PODWIRE_IMAGE_DIR;
    else process.env.PODWIRE_IMAGE_DIR = inherited;
    rmSync(folder, { recursive: true });
  });

  function image(...words: string[]) {
    return spawnSync(process.execPath, [MAIN, "image", ...words], { encoding: "utf8", env: process.env });
  }
  const logOf = async (name: string) => {
    let text = "";
    const log = await lab.client.logs({ namespace: "default", name }, {});
    for await (const part of log) text += Buffer.from(part).toString();
    return text;
  };
  const podWith = (name: string, found: (pod: Pod) => boolean) =>
    until(
      lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => pods.find(pod => pod.metadata.name === name && found(pod)),
      pods => `${name}: ${JSON.stringify(pods.find(pod => pod.metadata.name === name)?.status)}`,
    );
  const overlays = () =>
    readdirSync("/proc")
      .filter(name => /^\d+$/.test(name))
      .filter(pid => mountsOf(pid).includes("podwire /"))
      .filter(pid => mountsOf(pid).includes("upperdir=/.podwire/setup/writable"));

  it("a load waits for nothing, and a pod runs on the image with its user, environment and layers", async () => {
    const archive = join(folder, "server.tar");
    writeFileSync(archive, dockerArchive(SERVER));
    const loaded = image("load", archive);
    assert.equal(loaded.status, 0, loaded.stderr);
    assert.match(loaded.stdout, /^example\.test\/team\/server:1 loaded \(sha256:[0-9a-f]{12}\)\n$/);
    const words = { image: "team/server:1", args: [] };
    const pods = await runPods(lab, [
      podManifest("on-1", { ...words, node: "node-1" }),
      podManifest("on-2", { ...words, node: "node-2" }),
      podManifest("client", { node: "node-2" }),
    ]);
    const [status] = pods[0]!.status.containerStatuses!;
    assert.deepEqual([status!.image, status!.imageID], ["team/server:1", `sha256:${imageId(SERVER)}`]);
    assert.equal(await logOf("on-1"), "serving as web in /srv: hello\n");
    const ask = (path: string) =>
      `curl -s -o - -w '%{http_code}' -m 5 --retry 20 --retry-connrefused http://${path}`;
    for (const pod of pods.slice(0, 2)) {
      assert.equal(await sh(lab, "client", ask(`${ipv4Of(pod)}:8080/`)), "second layer\n200");
      assert.match(await sh(lab, "client", ask(`${ipv4Of(pod)}:8080/old.html`)), /404$/);
    }
    assert.equal(
      await sh(lab, "on-1", "id; pwd; cat /etc/hostname"),
      "uid=1001(web) gid=1002(web)\n/srv\non-1",
    );
    expectSuccess("exec without a shell", await lab.exec("on-1", ["/bin/ls", "/"]));
    const events = await lab.client.list(kinds.events, { namespace: "default" });
    const pulled = events.items.find(
      each => each.reason === "Pulled" && JSON.stringify(each).includes(`"name":"on-1"`),
    );
    assert.equal(pulled!.message, 'Container image "team/server:1" already present on machine');
    assert.ok(overlays().length >= 2);
  });

  it("an image in use stays; after its pods it goes, and nothing is left of them", async () => {
    const refused = image("remove", "team/server:1");
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /example\.test\/team\/server:1: containers of a lab run on it: delete their pods/,
    );
    for (const name of ["on-1", "on-2"]) {
      await lab.client.delete(kinds.pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });
    }
    await until(
      lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => pods.every(pod => !pod.metadata.name.startsWith("on-")) || undefined,
      () => "pods gone",
    );
    const removed = image("remove", imageId(SERVER).slice(0, 8));
    assert.equal(removed.status, 0, removed.stderr);
    assert.match(removed.stdout, /^example\.test\/team\/server:1 untagged\nsha256:[0-9a-f]{64} removed\n$/);
    assert.deepEqual(readdirSync(join(folder, "store", "layers")), []);
    assert.deepEqual(overlays(), []);
  });

  it("an image that is not there is waited for, with the way out, until it is loaded", async () => {
    await lab.client.create(
      kinds.pods,
      podManifest("waits", { image: "example.test/team/server:1", args: [] }),
    );
    const reasonOf = (pod: Pod) => pod.status.containerStatuses?.[0]?.state?.waiting?.reason ?? "";
    const waiting = await podWith("waits", pod => /ErrImagePull|ImagePullBackOff/.test(reasonOf(pod)));
    assert.match(waiting.status.containerStatuses![0]!.state!.waiting!.message!, /podwire image load FILE/);
    const archive = join(folder, "server-oci.tar");
    writeFileSync(archive, ociArchive(SERVER, { nested: true }));
    const loaded = spawnSync(process.execPath, [MAIN, "image", "load", "-"], {
      input: readFileSync(archive),
    });
    assert.equal(loaded.status, 0, loaded.stderr.toString());
    await podWith("waits", pod => pod.status.containerStatuses?.[0]?.ready === true);
    const list = JSON.parse(image("list", "-o", "json").stdout) as { references: string[] }[];
    assert.deepEqual(
      list.map(each => each.references),
      [["example.test/team/server:1"]],
    );
  });

  it("a corrupt archive changes nothing and says what is wrong", () => {
    const archive = join(folder, "corrupt.tar");
    const layer = tar([
      { name: "out", type: "2", link: "/" },
      { name: "out/etc/passwd", data: "x" },
    ]);
    writeFileSync(archive, dockerArchive({ references: ["example.test/evil"], layers: [layer] }));
    const listed = image("list").stdout;
    const refused = image("load", archive);
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /error: .*corrupt\.tar: layer .*: "out\/etc\/passwd": it lies below the symbolic link "out"/,
    );
    assert.equal(image("list").stdout, listed);
    assert.deepEqual(readdirSync(join(folder, "store", "staging")), []);
  });

  it("a daemon that is killed finds its containers on images again; down leaves the images alone", async () => {
    const [pod] = await runPods(lab, [
      podManifest("survives", { image: "team/server:1", args: [], node: "node-1" }),
    ]);
    const id = pod!.status.containerStatuses![0]!.containerID;
    const restarted = lab.restarted("node-1");
    await lab.kill("node-1");
    await restarted;
    assert.equal(await sh(lab, "survives", "cat index.html"), "second layer");
    const after = await podWith("survives", each => each.status.containerStatuses?.[0]?.ready === true);
    assert.equal(after.status.containerStatuses![0]!.containerID, id);
    await lab.down();
    assert.deepEqual(overlays(), []);
    assert.match(image("list").stdout, /example\.test\/team\/server:1/);
  });
});

function mountsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mounts`, "utf8");
  } catch {
    return "";
  }
}
