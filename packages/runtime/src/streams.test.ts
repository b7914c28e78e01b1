/** What clients do with running containers: attach, dial, exec as a shell user expects it. Real processes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import type { Container, Pod, PodStatus } from "@podwire/api";
import type { AttachSession } from "./container/attach.ts";
import { TestNode } from "./testing/node.ts";
import { testContainer, testPod } from "./testing/pods.ts";

const isReady = (status: PodStatus): boolean =>
  status.conditions!.some(({ type, status: is }) => type === "Ready" && is === "True");
const hasPhase =
  (phase: string) =>
  (status: PodStatus): boolean =>
    status.phase === phase;

/** A client that remembers what it was shown, and waits for it. */
class Watcher {
  shown = "";
  readonly session: AttachSession;
  #wake = () => {};

  constructor(node: TestNode, pod: Pod, stdin = true) {
    this.session = node.runtime.attach(pod.metadata.uid, "", {
      stdin,
      output: async (_stream, bytes) => {
        this.shown += Buffer.from(bytes).toString();
        this.#wake();
      },
    });
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.shown)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}

describe("Runtime: streams", function () {
  this.timeout(30_000);
  let node: TestNode;

  beforeEach(() => {
    node = new TestNode();
  });

  afterEach(() => node.stop());

  async function start(script: string, more: Partial<Container> = {}): Promise<Pod> {
    const pod = testPod([testContainer("main", script, more)]);
    node.runtime.apply(pod);
    await node.until(pod.metadata.uid, isReady, "ready");
    return pod;
  }

  it("attaches several clients: each sees all that is printed, and any may type; the log has it too", async () => {
    const pod = await start("while read -r line; do echo got $line; echo complaint >&2; done", {
      stdin: true,
    });
    const [one, two] = [new Watcher(node, pod), new Watcher(node, pod)];
    one.session.stdin!.write("a\n");
    await Promise.all([one.until(/got a\n/), two.until(/got a\n/)]);
    two.session.stdin!.write("b\n");
    await Promise.all([one.until(/got b\n/), two.until(/got b\n/)]);
    one.session.detach();
    two.session.stdin!.write("c\n");
    await two.until(/got c\n/);
    assert.doesNotMatch(one.shown, /got c/);
    await node.untilLog(pod.metadata.uid, "", "got c\n");
    assert.match(two.shown, /complaint/);
  });

  it("ends stdin with the first client when the container says so, and not otherwise", async () => {
    const once_ = await start("cat; echo the end", { stdin: true, stdinOnce: true });
    const client = new Watcher(node, once_);
    client.session.stdin!.write("typed\n");
    client.session.endInput();
    await client.session.ended;
    await node.until(once_.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.equal(client.shown, "typed\nthe end\n");
    assert.throws(() => new Watcher(node, once_), /container main of pod default\/pod-\d+ is not running/);
    const always = await start("cat; echo the end", { stdin: true });
    const first = new Watcher(node, always);
    first.session.endInput();
    first.session.detach();
    const second = new Watcher(node, always);
    second.session.stdin!.write("still there\n");
    await second.until(/^still there\n$/);
  });

  it("gives no stdin to a client of a container without", async () => {
    const pod = await start("echo before; sleep 60");
    const client = new Watcher(node, pod);
    assert.equal(client.session.stdin, undefined);
  });

  it("reads binary stdin unharmed, by name as well", async () => {
    const pod = await start("exec sha256sum /dev/stdin", { stdin: true, stdinOnce: true });
    const bytes = Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 256 }, (_, value) => value)));
    const { createHash } = await import("node:crypto");
    const client = new Watcher(node, pod);
    client.session.stdin!.end(bytes);
    await client.session.ended;
    assert.equal(client.shown.split(" ")[0], createHash("sha256").update(bytes).digest("hex"));
  });

  it("has a terminal with a name, a size and job control, whose screen is the log", async () => {
    const pod = await start('tty; while read -r line; do eval "$line"; done', { stdin: true, tty: true });
    const client = new Watcher(node, pod);
    client.session.resize(101, 33);
    client.session.stdin!.write("stty size; ps -o tpgid= -p $$; exit 5\n");
    await client.session.ended;
    assert.match(client.shown, /33 101\r\n\s*\d+\r\n/);
    await node.until(pod.metadata.uid, hasPhase("Failed"), "failed");
    // What was typed is echoed when it comes: before or after the name.
    assert.match(await node.logs(pod.metadata.uid), /\/dev\/pts\/0\r\n(stty .*\r\n)?33 101\r\n/);
  });

  it("keeps stdin and terminal open while the daemon is restarted", async () => {
    const piped = await start("while read -r line; do echo got $line; done; echo the end", { stdin: true });
    const typed = await start("while read -r line; do echo got $line; done", { stdin: true, tty: true });
    const before = [new Watcher(node, piped), new Watcher(node, typed)];
    for (const client of before) client.session.stdin!.write("one\n");
    await Promise.all(before.map(client => client.until(/got one\r?\n/)));
    await node.restart();
    await Promise.all(before.map(client => client.session.ended));
    const after = [new Watcher(node, piped), new Watcher(node, typed)];
    after[1]!.session.resize(90, 20);
    for (const client of after) client.session.stdin!.write("two\n");
    await Promise.all(after.map(client => client.until(/got two\r?\n/)));
    assert.match(await node.untilLog(piped.metadata.uid, "", "got two"), /^got one\ngot two\n$/);
  });

  it("waits for a client that does not take the output, and goes on when it leaves", async () => {
    const pod = await start("read -r go; head -c 4000000 /dev/zero | tr '\\0' x; echo; echo finished", {
      stdin: true,
    });
    let isAsked = () => {};
    const asked = new Promise<void>(resolve => {
      isAsked = resolve;
    });
    let letGo = () => {};
    const held = new Promise<void>(resolve => {
      letGo = resolve;
    });
    let bytes = 0;
    const session = node.runtime.attach(pod.metadata.uid, "", {
      stdin: true,
      output: (_stream, part) => {
        bytes += part.length;
        isAsked();
        return held;
      },
    });
    session.stdin!.write("go\n");
    await asked;
    const before = bytes;
    await node.exec(pod.metadata.uid, ["true"]);
    assert.equal(bytes, before);
    session.detach();
    letGo();
    await node.until(pod.metadata.uid, hasPhase("Succeeded"), "succeeded");
    assert.ok((await node.logs(pod.metadata.uid)).endsWith("finished\n"));
  });

  /** Answers, at the end of what it is sent, how much that was. */
  const listener = (address: string) => `ip link set lo up; exec ${process.execPath} -e '
    require("net").createServer({ allowHalfOpen: true }, socket => {
      let length = 0;
      socket.on("data", bytes => length += bytes.length);
      socket.on("end", () => socket.end(length + " bytes, then an answer"));
    }).listen(7000, "${address}", () => console.log("listening"))'`;

  it("dials into a pod's loopback, over IPv4 or IPv6, each way closed on its own", async () => {
    const securityContext = { capabilities: { add: ["NET_ADMIN"] } };
    for (const address of ["127.0.0.1", "::1"]) {
      const pod = await start(listener(address), { securityContext });
      await node.untilLog(pod.metadata.uid, "", "listening");
      const dials = Array.from({ length: 10 }, async (_, index) => {
        const socket = await node.runtime.dial(pod.metadata.uid, 7000);
        socket.end(Buffer.alloc(100_000 + index));
        assert.equal((await buffer(socket)).toString(), `${100_000 + index} bytes, then an answer`);
      });
      await Promise.all(dials);
      await assert.rejects(node.runtime.dial(pod.metadata.uid, 7001), {
        message:
          "dial tcp 127.0.0.1:7001: connect: connection refused; dial tcp [::1]:7001: connect: connection refused",
      });
    }
    await assert.rejects(node.runtime.dial("none", 80), /pod with uid none is not on node worker-1/);
  });

  it("runs commands that open their standard streams by name", async () => {
    const pod = await start("sleep 60");
    const { uid } = pod.metadata;
    const said = await node.exec(
      uid,
      ["sh", "-c", "cat /dev/stdin >/dev/stdout; echo problem >/dev/stderr"],
      "input",
    );
    assert.deepEqual(said, { code: 0, stdout: "input", stderr: "problem\n" });
  });

  it("hangs up on a command whose client has gone: end of input, then SIGHUP", async () => {
    const pod = await start("sleep 60");
    const { uid } = pod.metadata;
    for (const tty of [false, true]) {
      const session = node.runtime.exec(uid, "", {
        command: ["sh", "-c", "echo ready; exec sleep 1000"],
        stdin: true,
        tty,
      });
      await once(session.stdout, "data");
      session.hangUp();
      assert.equal(await session.ended, 128 + 1);
    }
    const careful = node.runtime.exec(uid, "", {
      command: ["sh", "-c", "trap '' HUP; echo ready; cat; echo finished >/proc/1/fd/1"],
      stdin: true,
    });
    await once(careful.stdout, "data");
    careful.hangUp();
    await node.untilLog(uid, "", "finished\n");
  });
});
