/** Containers on images of the store: what is inside, who they run as, and that nothing of them is left. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Container, PodStatus } from "@podwire/api";
import { busyboxLayer, dockerArchive, imageId, type TestImage } from "../testing/image-archives.ts";
import { TestNode } from "../testing/node.ts";
import { testContainer, testPod } from "../testing/pods.ts";
import { tar } from "../testing/tar.ts";
import { ImageStore } from "./store/store.ts";

const hasPhase =
  (phase: string) =>
  (status: PodStatus): boolean =>
    status.phase === phase;
const ready = (status: PodStatus): boolean =>
  status.conditions!.some(c => c.type === "Ready" && c.status === "True");
const waits =
  (reason: string) =>
  (status: PodStatus): boolean =>
    status.containerStatuses?.[0]?.state?.waiting?.reason === reason;

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nweb:x:1001:1002:Web:/home/web:/bin/sh\n";
const GROUP = "root:x:0:\nweb:x:1002:\nextra:x:1003:other,web\n";

const IMAGE: TestImage = {
  references: ["example.test/web:1"],
  layers: [
    busyboxLayer([
      { name: "etc/passwd", data: PASSWD },
      { name: "etc/group", data: GROUP },
      { name: "gone", data: "below" },
      { name: "folder/" },
      { name: "folder/old", data: "old" },
    ]),
    tar([
      { name: ".wh.gone" },
      { name: "folder/" },
      { name: "folder/.wh..wh..opq" },
      { name: "folder/new", data: "new" },
    ]),
  ],
  config: {
    Entrypoint: ["/bin/sh", "-c", 'echo "$0 $*"; id; pwd; env'],
    Cmd: ["default", "words"],
    Env: ["PATH=/bin", "FROM_IMAGE=yes", "BOTH=image"],
    User: "web",
    WorkingDir: "/srv/made",
  },
};

describe("containers on images", function () {
  this.timeout(30_000);
  let folder: string;
  let store: ImageStore;
  let node: TestNode;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), `podwire-images-${process.pid}-`));
    store = new ImageStore(join(folder, "store"));
    await store.load(once(dockerArchive(IMAGE)), "web.tar");
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    node = new TestNode({ images: store });
  });
  afterEach(() => node.stop());

  const container = (more: Partial<Container> = {}): Container =>
    ({ name: "main", image: "example.test/web:1", ...more }) as Container;
  const shell = (script: string, more: Partial<Container> = {}) =>
    container({ command: ["/bin/sh", "-c", script], ...more });

  async function output(one: Container, spec = {}): Promise<string[]> {
    const pod = testPod([one], spec);
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(status.containerStatuses![0]!.imageID, `sha256:${imageId(IMAGE)}`);
    return (await node.logs(pod.metadata.uid)).trim().split("\n");
  }

  it("run the image's entrypoint and command as its user, in its directory and environment", async () => {
    const lines = await output(container({ env: [{ name: "BOTH", value: "pod" }] as never }));
    assert.deepEqual(lines.slice(0, 3), [
      "default words",
      "uid=1001(web) gid=1002(web) groups=1003(extra)",
      "/srv/made",
    ]);
    for (const line of ["FROM_IMAGE=yes", "BOTH=pod", "PATH=/bin", "HOME=/home/web"]) {
      assert.ok(lines.includes(line), `${line} in ${lines}`);
    }
  });

  it("args replace the command of the image, command replaces both, and only these are expanded", async () => {
    const env = [{ name: "A", value: "1" }] as never;
    assert.equal((await output(container({ args: ["$(A)", "x"], env })))[0], "1 x");
    assert.deepEqual(await output(container({ command: ["/bin/echo", "$(A)", "$(B)"], env })), ["1 $(B)"]);
    assert.deepEqual(await output(container({ command: ["echo", "from PATH"] })), ["from PATH"]);
  });

  it("show the layers as one: whiteouts, opaque folders; writable, and each run from the start", async () => {
    const script = `
      test -e /gone && echo "gone is there"
      ls /folder
      echo mine >/written && cat /written
      ls -d /proc/1 /sys/class /dev/null /dev/pts /etc/hosts
      test -d /.podwire && echo "the way back is open"
      mount | grep -c overlay
      cat /etc/hostname`;
    const lines = await output(shell(`id -u; ${script}`, { securityContext: { runAsUser: 0 } }), {
      hostname: "named",
    });
    assert.deepEqual(lines, [
      "0",
      "new",
      "mine",
      "/dev/null",
      "/dev/pts",
      "/etc/hosts",
      "/proc/1",
      "/sys/class",
      "1",
      "named",
    ]);
  });

  it("keep to readOnlyRootFilesystem, dropped capabilities and the user of the Pod", async () => {
    const script = `id; touch /x; touch /tmp/x; cat /proc/self/status | grep -E "CapBnd|NoNewPrivs"`;
    const securityContext = {
      runAsUser: 4000,
      runAsGroup: 5000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
    };
    const lines = await output(shell(`exec 2>&1; ${script}`, { securityContext } as never));
    assert.deepEqual(lines, [
      "uid=4000 gid=5000",
      "touch: /x: Read-only file system",
      "touch: /tmp/x: Read-only file system",
      "CapBnd:\t0000000000000400",
      "NoNewPrivs:\t1",
    ]);
  });

  it("give exec the same root, user and environment, with and without a terminal", async () => {
    const pod = testPod([shell("sleep 600 & wait")], { shareProcessNamespace: true });
    node.runtime.apply(pod);
    await node.until(pod.metadata.uid, ready, "ready");
    const { uid } = pod.metadata;
    const plain = await node.exec(uid, ["sh", "-c", "id -un; pwd; echo $FROM_IMAGE; cat; exit 7"], "input\n");
    assert.deepEqual(plain, { code: 7, stdout: "web\n/srv/made\nyes\ninput\n", stderr: "" });
    assert.deepEqual(await node.exec(uid, ["nonsense"]), {
      code: 127,
      stdout: "",
      stderr: 'exec: "nonsense": executable file not found in $PATH\n',
    });
    assert.match((await node.exec(uid, ["/etc/passwd"])).stderr, /stat \/etc\/passwd: no such file/);
    const session = node.runtime.exec(uid, "", {
      command: ["sh", "-c", "test -t 0 && ls /dev/pts"],
      tty: true,
    });
    let text = "";
    session.stdout.on("data", bytes => {
      text += bytes;
    });
    assert.equal(await session.ended, 0);
    assert.match(text, /^0\s+ptmx\s*$/);
  });

  it("have a terminal of their own, and stdin, that clients attach to", async () => {
    const script = "test -t 0 && echo on a terminal; read -r line; echo got $line";
    for (const [more, expected] of [
      [{ tty: true, stdin: true }, /^on a terminal\s+typed\s+got typed\s+$/],
      [{ stdin: true, stdinOnce: true }, /^got typed\s+$/],
    ] as const) {
      const pod = testPod([shell(script, more as never)]);
      node.runtime.apply(pod);
      await node.until(pod.metadata.uid, ready, "ready");
      const session = node.runtime.attach(pod.metadata.uid, "", { stdin: true, output: async () => {} });
      session.stdin!.write("typed\n");
      await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
      assert.match(await node.logs(pod.metadata.uid), expected);
    }
  });

  it("mount volumes, also where the image has no such folder, and share those in memory with the host's root", async () => {
    node.setObject("ConfigMap", "settings", { "a.conf": "one" });
    node.setObject("Secret", "keys", { token: "hush" });
    const volumeMounts = [
      { name: "memory", mountPath: "/not/there/memory" },
      { name: "config", mountPath: "/etc/settings" },
      { name: "config", mountPath: "/etc/a.conf", subPath: "a.conf" },
      { name: "secret", mountPath: "/secret" },
    ];
    const script = `cat /etc/settings/a.conf /etc/a.conf /secret/token; cat /not/there/memory/from-host
      echo last words >/last; ls /.podwire 2>/dev/null || true`;
    const pod = testPod([shell(script, { volumeMounts, terminationMessagePath: "/last" })], {
      volumes: [
        { name: "memory", emptyDir: { medium: "Memory" } },
        { name: "config", configMap: { name: "settings" } },
        { name: "secret", secret: { secretName: "keys" } },
      ],
      initContainers: [
        testContainer("host", "echo from the host >/memory/from-host", {
          volumeMounts: [{ name: "memory", mountPath: "/memory" }],
        }),
      ],
    });
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(await node.logs(pod.metadata.uid), "oneonehushfrom the host\n");
    assert.equal(status.containerStatuses![0]!.state!.terminated!.message, "last words\n");
  });

  it("end by the image's stop signal, outlive the daemon, and are found again", async () => {
    const image: TestImage = {
      references: ["example.test/stop:1"],
      layers: [busyboxLayer()],
      config: { StopSignal: "SIGQUIT", Env: ["PATH=/bin"] },
    };
    await store.load(once(dockerArchive(image)), "stop.tar");
    const command = ["sh", "-c", "trap 'echo quit; exit 3' QUIT; echo up; while :; do sleep 0.05; done"];
    const pod = testPod([container({ image: "example.test/stop:1", command })]);
    node.runtime.apply(pod);
    const { uid } = pod.metadata;
    const before = await node.until(uid, ready, "ready");
    await node.untilLog(uid, "main", "up");
    await assert.rejects(() => store.remove("example.test/stop:1"), /containers of a lab run on it/);
    await node.restart();
    const after = await node.until(uid, ready, "ready again");
    const ids = (status: PodStatus) => status.containerStatuses!.map(one => [one.containerID, one.imageID]);
    assert.deepEqual(ids(after), ids(before));
    node.delete(pod, 5);
    const last = await node.until(uid, status => status.phase === "Failed", "ended");
    assert.equal(last.containerStatuses![0]!.state!.terminated!.exitCode, 3);
    await node.untilGone(uid);
    assert.deepEqual((await store.remove("example.test/stop:1")).deleted, [imageId(image)]);
  });

  it("say what does not start, and why", async () => {
    const cases: [more: Partial<Container>, message: RegExp][] = [
      [{ command: ["/no/such"] }, /exec: "\/no\/such": stat \/no\/such: no such file or directory/],
      [{ command: ["/etc/passwd"] }, /exec: "\/etc\/passwd": stat/],
      [{ command: ["/script"] }, /exec: "\/script": ENOEXEC/],
      [{ workingDir: "/etc/passwd" }, /workingDir \/etc\/passwd: ENOTDIR/],
    ];
    const image: TestImage = {
      references: ["example.test/script:1"],
      layers: [...IMAGE.layers, tar([{ name: "script", data: "no program", mode: 0o755 }])],
      config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
    };
    await store.load(once(dockerArchive(image)), "script.tar");
    for (const [more, message] of cases) {
      const pod = testPod([container({ image: "example.test/script:1", ...more })]);
      node.runtime.apply(pod);
      const status = await node.until(pod.metadata.uid, hasPhase("Failed"), "failed");
      const { reason, exitCode, message: said } = status.containerStatuses![0]!.state!.terminated!;
      assert.deepEqual([reason, exitCode], ["StartError", 128]);
      assert.match(said!, message);
    }
  });

  it("wait for images that are not there: never pulled, never known, removed", async () => {
    const never = testPod([
      container({ image: "example.test/none", command: ["x"], imagePullPolicy: "Never" }),
    ]);
    const unknown = testPod([container({ image: "example.test/none" })]);
    for (const pod of [never, unknown]) node.runtime.apply(pod);
    await node.until(never.metadata.uid, waits("ErrImageNeverPull"), "ErrImageNeverPull");
    const status = await node.until(unknown.metadata.uid, waits("ErrImagePull"), "ErrImagePull");
    assert.match(status.containerStatuses![0]!.state!.waiting!.message!, /podwire image load FILE/);
    const nonRoot = testPod([container({ securityContext: { runAsNonRoot: true } as never })]);
    node.runtime.apply(nonRoot);
    const waiting = await node.until(nonRoot.metadata.uid, waits("CreateContainerConfigError"), "refused");
    assert.match(
      waiting.containerStatuses![0]!.state!.waiting!.message!,
      /image has non-numeric user \(web\), cannot verify user is non-root/,
    );
  });
});
