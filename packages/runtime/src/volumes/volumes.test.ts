/** Volumes in real containers: every kind, updates, restarts, what is missing, and that nothing is left. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Pod, Volume, VolumeMount } from "@podwire/api";
import { TestNode } from "../testing/node.ts";
import { testContainer, testPod } from "../testing/pods.ts";

const SLEEP = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

describe("volumes", function () {
  this.timeout(30_000);
  let node: TestNode;
  beforeEach(() => {
    node = new TestNode();
  });
  afterEach(() => node.stop());

  const mounted = (volumes: Volume[], mounts: VolumeMount[], script = SLEEP, more: object = {}): Pod =>
    testPod([testContainer("main", script, { volumeMounts: mounts })], { volumes, ...more });
  const running = async (pod: Pod): Promise<string> => {
    node.runtime.apply(pod);
    await node.until(
      pod.metadata.uid,
      ({ phase }) => phase === "Running",
      `running, events ${JSON.stringify(node.events)}`,
    );
    return pod.metadata.uid;
  };
  const sh = async (uid: string, script: string): Promise<string> => {
    const { code, stdout, stderr } = await node.exec(uid, ["sh", "-c", script]);
    assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
    return stdout.trim();
  };

  it("a ConfigMap at a path that the host lacks: its files, links and modes, and nothing of setup's", async () => {
    node.setObject("ConfigMap", "settings", { "a.conf": "one", "b.conf": "two" });
    const items = [
      { key: "a.conf", path: "deep/a", mode: 0o400 },
      { key: "b.conf", path: "b" },
    ];
    const uid = await running(
      mounted(
        [
          { name: "all", configMap: { name: "settings", defaultMode: 0o640 } },
          { name: "some", configMap: { name: "settings", defaultMode: 0o644, items } },
        ],
        [
          { name: "all", mountPath: "/config/all" },
          { name: "some", mountPath: "/etc/podwire-test/some", readOnly: true },
        ],
      ),
    );
    assert.equal(await sh(uid, "cat /config/all/a.conf /config/all/b.conf"), "onetwo");
    assert.equal(await sh(uid, "stat -Lc %a /config/all/a.conf /etc/podwire-test/some/deep/a"), "640\n400");
    assert.equal(await sh(uid, "readlink /config/all/a.conf"), "..data/a.conf");
    assert.equal(await sh(uid, "ls /etc/podwire-test/some"), "b\ndeep");
    assert.match(await sh(uid, "touch /config/all/x 2>&1 || true"), /Read-only file system/);
    assert.equal(
      await sh(uid, "ls /.podwire/setup /.podwire/old /.podwire/root"),
      "/.podwire/old:\n\n/.podwire/root:\n\n/.podwire/setup:",
    );
    assert.match(await sh(uid, "test -d /usr/bin && cat /etc/hostname && ls -d /proc/1 /dev/null"), /proc/);
  });

  it("an update swaps the files of running containers, not those of subPath mounts", async () => {
    node.setObject("ConfigMap", "settings", { key: "old", gone: "x" });
    const volume: Volume = { name: "c", configMap: { name: "settings", defaultMode: 0o644 } };
    const uid = await running(
      mounted(
        [volume],
        [
          { name: "c", mountPath: "/c" },
          { name: "c", mountPath: "/file/key", subPath: "key" },
          { name: "c", mountPath: "/root/key", subPath: "key" },
        ],
      ),
    );
    node.setObject("ConfigMap", "settings", { key: "new", added: "y" });
    assert.equal(await sh(uid, "cat /c/key; cat /file/key /root/key; ls /c"), "newoldoldadded\nkey");
    node.setObject("ConfigMap", "settings", undefined);
    assert.equal(await sh(uid, "cat /c/key"), "new");
  });

  it("what is missing is waited for: a volume before the sandbox, a variable before its container", async () => {
    const pod = mounted([{ name: "c", configMap: { name: "later" } }], [{ name: "c", mountPath: "/c" }]);
    pod.spec.containers[0]!.envFrom = [{ secretRef: { name: "keys" }, prefix: "K_" }];
    node.runtime.apply(pod);
    const { uid } = pod.metadata;
    await node.untilEvent("FailedMount");
    assert.equal(
      node.events.find(({ reason }) => reason === "FailedMount")!.message,
      'MountVolume.SetUp failed for volume "c" : configmap "later" not found',
    );
    const waiting = () => node.statuses.get(uid)?.containerStatuses?.[0]?.state?.waiting;
    assert.equal(waiting()?.reason, "ContainerCreating");
    node.setObject("ConfigMap", "later", { key: "value" });
    await node.until(uid, () => waiting()?.reason === "CreateContainerConfigError", "config error");
    assert.equal(waiting()!.message, 'secret "keys" not found');
    node.setObject("Secret", "keys", { one: "1", "two.three": "2" });
    await node.until(uid, ({ phase }) => phase === "Running", "running");
    assert.equal(
      await sh(uid, "cat /c/key; tr '\\0' '\\n' </proc/1/environ | grep ^K_ | sort"),
      "valueK_one=1\nK_two.three=2",
    );
    assert.equal(node.events.filter(({ reason }) => reason === "FailedMount").length, 1);
  });

  it("a restarted daemon waits for the control plane's word on objects; a root that died is made again", async () => {
    node.setObject("Secret", "keys", { token: "hush" });
    const pod = mounted(
      [{ name: "s", secret: { secretName: "keys" } }],
      [{ name: "s", mountPath: "/secrets" }],
      `${SLEEP}`,
      { restartPolicy: "Always" },
    );
    const uid = await running(pod);
    const known = new Map(node.objects);
    node.objects.clear();
    await node.restart();
    await node.until(uid, ({ phase }) => phase === "Running", "still running");
    for (const [key, object] of known) node.objects.set(key, object);
    node.runtime.apply(pod);
    const holder = readFileSync(`${node.nodeDir}/root/holder`, "utf8").split(" ")[0]!;
    process.kill(Number(holder), "SIGKILL");
    await sh(uid, "kill -TERM 1");
    await node.until(
      uid,
      ({ containerStatuses: [main] = [] }) => main!.restartCount === 1 && main!.state!.running !== undefined,
      "restart",
    );
    assert.equal(await sh(uid, "cat /secrets/token"), "hush");
    assert.deepEqual(
      node.reasons(uid).filter(reason => reason === "FailedMount"),
      [],
    );
  });

  it("secrets are in memory, and gone with their Pod", async () => {
    node.setObject("Secret", "keys", { token: "hush" });
    const pod = mounted(
      [{ name: "s", secret: { secretName: "keys", defaultMode: 0o400 } }],
      [{ name: "s", mountPath: "/secrets" }],
    );
    const uid = await running(pod);
    assert.equal(await sh(uid, "cat /secrets/token; stat -f -c %T /secrets/"), "hushtmpfs");
    node.runtime.remove(uid);
    await node.untilGone(uid);
  });

  it("emptyDir: shared, of memory with a limit, kept when a container starts again, owned by fsGroup", async () => {
    const script =
      "echo again >>/disk/runs; echo m >>/memory/runs; echo ready; trap 'exit 0' TERM; while :; do sleep 0.05; done";
    const pod = mounted(
      [
        { name: "disk", emptyDir: {} },
        { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      ],
      [
        { name: "disk", mountPath: "/disk" },
        { name: "memory", mountPath: "/memory" },
        { name: "memory", mountPath: "/disk/inside", subPath: "a/b" },
      ],
      script,
      { restartPolicy: "Always", securityContext: { fsGroup: 4242 } },
    );
    const uid = await running(pod);
    assert.equal(
      await sh(uid, "stat -c '%a %g' /disk /memory; stat -f -c %T /memory"),
      "2777 4242\n2777 4242\ntmpfs",
    );
    assert.match(await sh(uid, "head -c 2000000 /dev/zero 2>&1 >/memory/big || rm /memory/big"), /space/);
    await node.restart();
    await sh(uid, "echo x >/disk/inside/y; kill -TERM 1");
    await node.until(
      uid,
      ({ containerStatuses: [main] = [] }) => main!.restartCount === 1 && main!.state!.running !== undefined,
      "restart",
    );
    await node.untilLog(uid, "", "ready");
    assert.equal(await sh(uid, "cat /disk/runs /memory/runs; cat /memory/a/b/y"), "again\nagain\nm\nm\nx");
  });

  it("downward API and projected files follow labels; a token is left out and said so", async () => {
    node.setObject("ConfigMap", "kube-root-ca.crt", { "ca.crt": "PEM" });
    const sources = [
      { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ];
    const items = [
      { path: "labels", fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels" } },
      { path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" } },
      {
        path: "memory",
        resourceFieldRef: { containerName: "main", resource: "requests.memory", divisor: "1Mi" },
      },
    ];
    const pod = mounted(
      [
        { name: "access", projected: { sources, defaultMode: 0o644 } },
        { name: "info", downwardAPI: { items, defaultMode: 0o644 } },
      ],
      [
        { name: "access", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
        { name: "info", mountPath: "/info" },
      ],
    );
    pod.spec.containers[0]!.resources = { limits: { cpu: "250m" }, requests: { memory: "100M" } };
    const uid = await running(pod);
    assert.equal(
      await sh(uid, "cd /var/run/secrets/kubernetes.io/serviceaccount; ls; cat ca.crt namespace"),
      "ca.crt\nnamespace\nPEMdefault",
    );
    assert.equal(
      await sh(uid, "cd /info; cat labels; echo; cat cpu; echo; cat memory"),
      'app="web"\n250\n96',
    );
    assert.equal(node.reasons(uid).filter(reason => reason === "ServiceAccountTokenMissing").length, 1);
    node.runtime.apply({ ...pod, metadata: { ...pod.metadata, labels: { app: "api", tier: "1" } } });
    assert.equal(await sh(uid, "cat /info/labels"), 'app="api"\ntier="1"');
  });

  it("claims and host paths outlive their Pods; the machine's files stay as they are", async () => {
    const volumes: Volume[] = [
      { name: "claim", persistentVolumeClaim: { claimName: "data-web-0" } },
      { name: "host", hostPath: { path: "/var/lib/podwire-test-thing", type: "DirectoryOrCreate" } },
      { name: "machine", hostPath: { path: "/usr/share", type: "Directory" } },
    ];
    const mounts = [
      { name: "claim", mountPath: "/data" },
      { name: "host", mountPath: "/host" },
      { name: "machine", mountPath: "/share" },
    ];
    const first = await running(
      mounted(
        volumes,
        mounts,
        "echo 1 >/data/x; echo 2 >/host/y; trap 'exit 0' TERM; while :; do sleep 0.05; done",
      ),
    );
    assert.match(await sh(first, "touch /share/x 2>&1 || true"), /Read-only/);
    node.runtime.remove(first);
    await node.untilGone(first);
    const second = await running(mounted(volumes, mounts));
    assert.equal(await sh(second, "cat /data/x /host/y"), "1\n2");
    assert.throws(() => readFileSync("/var/lib/podwire-test-thing/y"), /ENOENT/);
    const wrong = mounted(
      [{ name: "f", hostPath: { path: "/usr/share", type: "File" } }],
      [{ name: "f", mountPath: "/f" }],
    );
    node.runtime.apply(wrong);
    await node.untilEvent("FailedMount");
    assert.match(node.events.at(-1)!.message, /hostPath type check failed: \/usr\/share is not a file/);
  });

  it("a link in a volume does not lead a subPath out of it", async () => {
    const volumes: Volume[] = [{ name: "v", emptyDir: {} }];
    const pod = mounted(volumes, [{ name: "v", mountPath: "/v", subPathExpr: "$(WHO)/down" }]);
    pod.spec.containers[0]!.env = [{ name: "WHO", value: "me" }];
    pod.spec.initContainers = [
      testContainer("link", "ln -s / /v/out", { volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    ];
    pod.spec.containers.push(
      testContainer("thief", SLEEP, { volumeMounts: [{ name: "v", mountPath: "/v", subPath: "out/etc" }] }),
    );
    node.runtime.apply(pod);
    const { uid } = pod.metadata;
    const states = (name: string) =>
      node.statuses.get(uid)?.containerStatuses?.find(one => one.name === name)?.state;
    await node.until(
      uid,
      () => states("main")?.running !== undefined && states("thief")?.waiting?.message !== undefined,
      "started",
    );
    assert.equal(states("thief")!.waiting!.reason, "CreateContainerConfigError");
    assert.match(
      states("thief")!.waiting!.message!,
      /^failed to prepare subPath for volumeMount "v" of container "thief"/,
    );
    assert.equal(await sh(uid, "touch /v/here; ls /v"), "here");
  });
});
