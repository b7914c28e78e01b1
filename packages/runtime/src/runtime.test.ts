/** Pods as real processes: one node, everything from apply to nothing left. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PodStatus } from "@podwire/api";
import { AddressRangeFull } from "./pod/ports.ts";
import { countingNetwork, TestNode } from "./testing/node.ts";
import { testContainer, testPod } from "./testing/pods.ts";

const isRunning = (status: PodStatus): boolean =>
  status.conditions!.some(c => c.type === "Ready" && c.status === "True");
const hasPhase =
  (phase: string) =>
  (status: PodStatus): boolean =>
    status.phase === phase;
const terminated = (status: PodStatus, index = 0) => status.containerStatuses![index]!.state!.terminated!;

describe("Runtime", function () {
  this.timeout(30_000);
  let node: TestNode;

  beforeEach(() => {
    node = new TestNode();
  });

  afterEach(() => node.stop());

  it("runs a pod of two containers that share network, IPC and host name", async () => {
    const pod = testPod([
      {
        name: "server",
        image: "registry.example/e2e/agnhost:2.53",
        args: ["netexec", "--http-port=18080"],
      } as never,
      { name: "client", image: "registry.example/pause:3.10" } as never,
    ]);
    const { uid, name } = pod.metadata;
    node.runtime.apply(pod);
    const status = await node.until(uid, isRunning, "ready");
    assert.equal(status.phase, "Running");
    assert.deepEqual(status.podIPs, [{ ip: "10.244.0.2" }, { ip: "fd00:10:244::2" }]);
    assert.equal(status.hostIP, "192.168.77.1");
    assert.deepEqual(node.reasons(uid).sort(), [
      "Created",
      "Created",
      "Pulled",
      "Pulled",
      "Started",
      "Started",
    ]);
    // lo of a pod is the network's to bring up; what the containers share shows without it.
    const hostname = await node.exec(uid, ["hostname"]);
    assert.equal(hostname.stdout, `${name}\n`);
    const namespaces = async (container: string): Promise<string[]> => {
      const session = node.runtime.exec(uid, container, {
        command: ["sh", "-c", "for n in net ipc uts pid mnt; do readlink /proc/self/ns/$n; done"],
      });
      let text = "";
      session.stdout.on("data", bytes => {
        text += bytes;
      });
      await session.ended;
      return text.trim().split("\n");
    };
    const [server, client] = [await namespaces("server"), await namespaces("client")];
    assert.deepEqual(server.slice(0, 3), client.slice(0, 3));
    assert.notEqual(server[3], client[3]);
    assert.notEqual(server[4], client[4]);
  });

  it("shows a container a root that is read-only, its own writable folders, and nothing of the lab", async () => {
    const script = `
      for path in /etc/x /usr/x /x /dev/x /proc/sys/kernel/hostname /sys/x /.podwire/x; do
        if ( : >$path ) 2>/dev/null; then echo "wrote $path"; fi
      done
      for path in /tmp/x /var/tmp/x /run/x /root/x /uploads/x /dev/shm/x; do : >$path || echo "not $path"; done
      cat /etc/hosts /etc/hostname /etc/resolv.conf
      read -r pid rest </proc/self/stat; echo "process $pid"
      test -e ${node.labDir} && echo "lab is visible"
      ls /.podwire/setup
      mount -t tmpfs x /tmp 2>/dev/null && echo mounted
      mknod /tmp/disk b 254 0 2>/dev/null && echo device
      head -c 4 /dev/zero | wc -c`;
    const pod = testPod([testContainer("main", script)]);
    node.runtime.apply(pod);
    await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(
      await node.logs(pod.metadata.uid),
      `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.244.0.2\t${pod.metadata.name}
fd00:10:244::2\t${pod.metadata.name}
${pod.metadata.name}
search default.svc.cluster.local svc.cluster.local cluster.local example.org
nameserver 10.96.0.10
options ndots:5
process 1
4
`,
    );
    assert.ok(node.reasons(pod.metadata.uid).includes("ImageNotPulled"));
  });

  it("gives the environment of the spec, expanded, and the working directory", async () => {
    const env = [
      { name: "A", value: "one" },
      { name: "B", value: "$(A) $$(A) $(NONE)" },
      { name: "dotted.name", value: "x=y'z" },
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "IPS", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } },
      { name: "HOST", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
    ];
    const container = testContainer("main", "", {
      command: ["sh", "-c", "pwd; echo $0; tr '\\0' '\\n' </proc/1/environ | sort", "$(B)"],
      env: env as never,
      workingDir: "/usr/lib",
    });
    const pod = testPod([container]);
    node.runtime.apply(pod);
    await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    const lines = (await node.logs(pod.metadata.uid)).trim().split("\n");
    assert.equal(lines[0], "/usr/lib");
    assert.equal(lines[1], "one $(A) $(NONE)");
    const expected = [
      "A=one",
      "APP=web",
      "B=one $(A) $(NONE)",
      "HOME=/root",
      "HOST=192.168.77.1",
      `HOSTNAME=${pod.metadata.name}`,
      "IPS=10.244.0.2,fd00:10:244::2",
      "NODE=worker-1",
      `POD=${pod.metadata.name}`,
      "dotted.name=x=y'z",
    ];
    for (const line of expected) assert.ok(lines.includes(line), line);
  });

  it("reports exit codes, signals and termination messages", async () => {
    const pod = testPod([
      testContainer("code", "echo because >/dev/termination-log; exit 42"),
      testContainer("killed", "kill -KILL $$; sleep 60 & kill -KILL $!; wait $!; exit $?"),
      testContainer("missing", "", { command: ["/no/such/program"] }),
      testContainer("fine", "true"),
    ]);
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Failed"), "failed");
    const ends = status.containerStatuses!.map((_, index) => {
      const { exitCode, reason, message } = terminated(status, index);
      return [exitCode, reason, message];
    });
    assert.deepEqual(ends, [
      [42, "Error", "because\n"],
      [137, "Error", undefined],
      [128, "StartError", 'exec: "/no/such/program": stat /no/such/program: no such file or directory'],
      [0, "Completed", undefined],
    ]);
    assert.equal(node.network.attached.size, 0, "an ended pod has given its addresses back");
  });

  it("runs init containers in order, then sidecars, then the rest", async () => {
    const stamp = (name: string): string => `echo ${name} >>/dev/shm/order`;
    const pod = testPod([testContainer("main", `${stamp("main")}; cat /dev/shm/order`)], {
      initContainers: [
        testContainer("first", stamp("first")),
        testContainer("beside", `${stamp("beside")}; trap 'exit 0' TERM; sleep 60 & wait`, {
          restartPolicy: "Always",
        }),
        testContainer("second", `sleep 0.1; ${stamp("second")}`),
      ],
    });
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(await node.logs(pod.metadata.uid, "main"), "first\nbeside\nsecond\nmain\n");
    assert.equal(status.conditions!.find(c => c.type === "Initialized")!.status, "True");
  });

  it("fails a pod whose init container fails and must not be tried again", async () => {
    const pod = testPod([testContainer("main", "true")], {
      initContainers: [testContainer("init", "exit 3")],
    });
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Failed"), "failed");
    assert.deepEqual(status.containerStatuses![0]!.state, { waiting: { reason: "PodInitializing" } });
    assert.equal(status.initContainerStatuses![0]!.state!.terminated!.exitCode, 3);
  });

  it("restarts at once, then backs off; the log of the run before stays", async () => {
    const pod = testPod([testContainer("main", "echo run; exit 1")], { restartPolicy: "Always" });
    node.runtime.apply(pod);
    const waits = (status: PodStatus): boolean =>
      status.containerStatuses![0]!.state!.waiting?.reason === "CrashLoopBackOff";
    const status = await node.until(pod.metadata.uid, waits, "back-off");
    assert.equal(status.phase, "Running");
    assert.equal(status.containerStatuses![0]!.restartCount, 1);
    assert.equal(status.containerStatuses![0]!.lastState!.terminated!.exitCode, 1);
    const name = `${pod.metadata.name}_default(${pod.metadata.uid})`;
    const message = `back-off 10s restarting failed container=main pod=${name}`;
    assert.deepEqual(status.containerStatuses![0]!.state!.waiting, { reason: "CrashLoopBackOff", message });
    assert.equal(await node.logs(pod.metadata.uid, "main", { previous: true }), "run\n");
    assert.ok(node.reasons(pod.metadata.uid).includes("BackOff"));
  });

  it("does not run an image that it does not have, and says what to do", async () => {
    const pod = testPod([{ name: "web", image: "nginx:1.27" } as never]);
    node.runtime.apply(pod);
    const pulls = (status: PodStatus): boolean =>
      status.containerStatuses![0]!.state!.waiting?.reason === "ErrImagePull";
    const status = await node.until(pod.metadata.uid, pulls, "ErrImagePull");
    assert.match(status.containerStatuses![0]!.state!.waiting!.message!, /set the container's command/);
    assert.equal(status.phase, "Pending");
    assert.deepEqual(node.reasons(pod.metadata.uid), ["Failed", "Failed"]);
    const backsOff = (later: PodStatus): boolean =>
      later.containerStatuses![0]!.state!.waiting?.reason === "ImagePullBackOff";
    await node.until(pod.metadata.uid, backsOff, "ImagePullBackOff");
    assert.deepEqual(node.reasons(pod.metadata.uid), ["Failed", "Failed", "BackOff", "Failed"]);
  });

  it("names a field that it cannot provide", async () => {
    const env = [{ name: "X", valueFrom: { fieldRef: { fieldPath: "spec.nonsense" } } }] as never;
    const pod = testPod([testContainer("main", "true", { env })]);
    node.runtime.apply(pod);
    const waits = (status: PodStatus): boolean =>
      status.containerStatuses![0]!.state!.waiting?.message !== undefined;
    const { reason, message } = (await node.until(pod.metadata.uid, waits, "problem")).containerStatuses![0]!
      .state!.waiting!;
    assert.equal(reason, "CreateContainerConfigError");
    assert.match(message!, /env X: valueFrom: fieldPath "spec.nonsense" is not provided; allowed are/);
  });

  it("ends a deleted pod: SIGTERM, grace, SIGKILL", async () => {
    const graceful = testPod([
      testContainer("main", "trap 'echo bye; exit 0' TERM; echo up; sleep 60 & wait"),
    ]);
    const stubborn = testPod([testContainer("main", "sleep 60")]);
    for (const pod of [graceful, stubborn]) node.runtime.apply(pod);
    for (const pod of [graceful, stubborn]) await node.until(pod.metadata.uid, isRunning, "ready");
    await node.untilLog(graceful.metadata.uid, "main", "up\n");
    const begin = performance.now();
    node.delete(graceful, 5);
    node.delete(stubborn, 1);
    await node.untilGone(graceful.metadata.uid);
    const graceMs = performance.now() - begin;
    await node.untilGone(stubborn.metadata.uid);
    assert.ok(graceMs < 900, `${graceMs} ms`);
    assert.ok(performance.now() - begin >= 1000);
    assert.equal(terminated(node.statuses.get(graceful.metadata.uid)!).exitCode, 0);
    assert.equal(terminated(node.statuses.get(stubborn.metadata.uid)!).exitCode, 137);
    assert.ok(node.reasons(graceful.metadata.uid).includes("Killing"));
  });

  it("shares processes on request, and still ends one container without the other", async () => {
    const pod = testPod(
      [
        testContainer("one", "sleep 61 & sleep 62 & exit 0"),
        testContainer("two", "sleep 0.2; ps -eo args; sleep 60"),
      ],
      { shareProcessNamespace: true },
    );
    node.runtime.apply(pod);
    const oneEnded = (status: PodStatus): boolean =>
      status.containerStatuses![0]!.state!.terminated !== undefined &&
      status.containerStatuses![1]!.state!.running !== undefined;
    await node.until(pod.metadata.uid, oneEnded, "the first ended, the second runs");
    const log = await node.untilLog(pod.metadata.uid, "two", "ps -eo args\n");
    assert.match(log, /bin\/pause/);
    assert.doesNotMatch(log, /sleep 6[12]\n/, "what the first left in the background went with it");
  });

  it("survives the daemon: containers, exit codes and output of the meantime are there after a restart", async () => {
    const pod = testPod([
      testContainer(
        "long",
        "echo before; while ! test -e /dev/shm/go; do sleep 0.02; done; echo after; exit 5",
      ),
      testContainer("short", "while ! test -e /dev/shm/end; do sleep 0.02; done; echo late; exit 6"),
    ]);
    const { uid } = pod.metadata;
    const shm = join(node.nodeDir, "pods", uid, "shm");
    node.runtime.apply(pod);
    await node.until(uid, isRunning, "ready");
    const before = node.statuses.get(uid)!;
    node.runtime.close();
    writeFileSync(join(shm, "end"), "");
    const exit = join(node.nodeDir, "pods", uid, "containers", "short", "0");
    while (!readdirSync(exit).includes("exit")) await new Promise(resolve => setImmediate(resolve));
    await node.restart();
    const shortEnded = (status: PodStatus): boolean =>
      status.containerStatuses![1]!.state!.terminated !== undefined;
    const status = await node.until(uid, shortEnded, "the short one ended");
    assert.equal(terminated(status, 1).exitCode, 6);
    assert.equal(status.containerStatuses![0]!.containerID, before.containerStatuses![0]!.containerID);
    assert.deepEqual(status.podIPs, before.podIPs);
    writeFileSync(join(shm, "go"), "");
    const done = await node.until(uid, hasPhase("Failed"), "failed");
    assert.equal(terminated(done).exitCode, 5);
    assert.equal(await node.logs(uid, "long"), "before\nafter\n");
  });

  it("gives a pod with hostNetwork the node's network, addresses and name", async () => {
    const pod = testPod([testContainer("main", "readlink /proc/self/ns/net; hostname")], {
      hostNetwork: true,
    });
    node.runtime.apply(pod);
    const status = await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(await node.logs(pod.metadata.uid), `${readlinkSync("/proc/self/ns/net")}\nworker-1\n`);
    assert.deepEqual(status.podIPs, [{ ip: "192.168.77.1" }, { ip: "fd77::1" }]);
    assert.equal(node.network.attached.size, 0);
  });

  it("ends a pod at any moment of its start", async () => {
    const pods = Array.from({ length: 16 }, () =>
      testPod([testContainer("a", "sleep 600"), testContainer("b", "sleep 600 & sleep 600")]),
    );
    await Promise.all(
      pods.map(async (pod, index) => {
        node.runtime.apply(pod);
        await new Promise(resolve => setTimeout(resolve, index * 12));
        node.delete(pod, 0);
        await node.untilGone(pod.metadata.uid);
      }),
    );
    assert.equal(node.network.attached.size, 0);
  });

  it("makes another sandbox when its holder is killed", async () => {
    const pod = testPod([testContainer("main", "sleep 60")], {
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 0,
    });
    const { uid } = pod.metadata;
    node.runtime.apply(pod);
    await node.until(uid, isRunning, "ready");
    const holder = Number.parseInt(readFileSync(join(node.nodeDir, "pods", uid, "holder"), "utf8"), 10);
    process.kill(holder, "SIGKILL");
    const again = (status: PodStatus): boolean =>
      isRunning(status) && status.containerStatuses![0]!.restartCount === 1;
    await node.until(uid, again, "running again");
    assert.ok(node.reasons(uid).includes("SandboxChanged"));
  });

  it("runs commands in a container, over pipes and over a terminal", async () => {
    const env = [{ name: "GREETING", value: "hi there" }] as never;
    const pod = testPod([testContainer("main", "sleep 60", { env, workingDir: "/usr" })]);
    const { uid } = pod.metadata;
    node.runtime.apply(pod);
    await node.until(uid, isRunning, "ready");
    const run = (...command: string[]) => node.exec(uid, command);
    assert.deepEqual(await run("sh", "-c", "echo $GREETING; pwd; echo oops >&2; exit 9"), {
      code: 9,
      stdout: "hi there\n/usr\n",
      stderr: "oops\n",
    });
    assert.equal((await node.exec(uid, ["cat"], "through stdin")).stdout, "through stdin");
    assert.deepEqual(await run("nothing"), {
      code: 127,
      stdout: "",
      stderr: 'exec: "nothing": executable file not found in $PATH\n',
    });
    assert.equal((await run("sh", "-c", "kill -9 $$")).code, 137);
    const refused = await run("/agnhost", "connect", "127.0.0.1:1", "--timeout=1s");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^(REFUSED|OTHER)/);
    const terminal = node.runtime.exec(uid, "", { command: ["sh"], stdin: true, tty: true });
    let screen = "";
    terminal.stdout.on("data", bytes => {
      screen += bytes;
    });
    terminal.resize(101, 42);
    terminal.stdin!.write("tty; stty size; exit 4\n");
    assert.equal(await terminal.ended, 4);
    assert.match(screen, /\/dev\/pts\/0\r\n42 101\r\n/);
    const endless = node.runtime.exec(uid, "", { command: ["sleep", "60"] });
    endless.kill();
    assert.equal(await endless.ended, 137);
    assert.throws(
      () => node.runtime.exec(uid, "other", { command: ["true"] }),
      /container other is not valid for pod/,
    );
  });
});

describe("Runtime without addresses left", function () {
  this.timeout(30_000);

  it("leaves a pod pending until one is released", async () => {
    const network = countingNetwork();
    const attach: typeof network.attach = async (pod, pid) => {
      if (network.attached.size > 0)
        throw new AddressRangeFull("node worker-1: all addresses of 10.244.0.0/31 are in use");
      return network.attach(pod, pid);
    };
    const node = new TestNode({ network: { attach, detach: network.detach } });
    try {
      const [first, second] = [
        testPod([testContainer("a", "sleep 60")]),
        testPod([testContainer("a", "sleep 60")]),
      ];
      node.runtime.apply(first);
      await node.until(first.metadata.uid, isRunning, "the first runs");
      node.runtime.apply(second);
      await node.untilEvent("FailedCreatePodSandBox");
      assert.equal(node.statuses.get(second.metadata.uid)!.phase, "Pending");
      node.delete(first);
      await node.until(second.metadata.uid, isRunning, "the second runs");
      const messages = node.events
        .filter(event => event.reason === "FailedCreatePodSandBox")
        .map(event => event.message);
      assert.deepEqual(messages, [
        "Failed to create pod sandbox: node worker-1: all addresses of 10.244.0.0/31 are in use",
      ]);
    } finally {
      await node.stop();
    }
  });
});
