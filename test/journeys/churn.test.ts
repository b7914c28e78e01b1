/**
 * A cluster that is busy: hundreds of connections at once, pods that come and go beside them, and daemons that
 * die in the middle of it. Those who talk lose nothing, no address has two owners, and nothing runs twice.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { kinds, type Pod } from "@podwire/api";
import { Informer } from "@podwire/client";
import { isReady, until } from "@podwire/lab";
import { ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";

const NODES = ["node-1", "node-2"];
const FLOWS_PER_FAMILY = 100;
const BYTES_PER_FLOW = 100_000;
const CHURNED_PODS = 50;
const WAVES = 6;
const PODS_PER_WAVE = 8;
const BURST_PODS = 100;
const CREATORS = 8;
const ACKNOWLEDGED_BEFORE_DEATH = 20;

const ECHO = `
  require("net").createServer({ allowHalfOpen: true }, socket => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen({ port: 7000, host: "::", backlog: 511 }, () => {
    for (const type of ["udp4", "udp6"]) {
      const socket = require("dgram").createSocket({ type, ipv6Only: type === "udp6" });
      socket.on("message", (bytes, from) => socket.send(bytes, from.port, from.address));
      socket.bind(7001);
    }
  });`;

/** Many connections at once; each sends bytes of its own and expects exactly them back. */
const FLOWS = `
  const [addresses, flows, size] = [process.argv[1].split(","), +process.argv[2], +process.argv[3]];
  const bytesOf = seed => {
    const bytes = Buffer.alloc(size);
    for (let i = 0, word = seed + 1; i < size; i++) bytes[i] = word = (Math.imul(word, 1103515245) + 12345) >>> 16;
    return bytes;
  };
  const flow = (address, seed) => new Promise((resolve, reject) => {
    const sent = bytesOf(seed), parts = [];
    const socket = require("net").connect(7000, address, () => socket.end(sent));
    socket.on("data", part => parts.push(part));
    socket.on("error", reject);
    socket.on("end", () => Buffer.concat(parts).equals(sent) ? resolve() : reject(new Error("other bytes in " + seed)));
  });
  const all = addresses.flatMap((address, n) => Array.from({ length: flows }, (_, i) => flow(address, n * flows + i)));
  Promise.all(all).then(() => console.log(all.length), error => { console.error(error); process.exit(1); });`;

/** Asks over TCP and UDP, over and over; an answer that does not come within two seconds is lost. Ends with SIGTERM. */
const TALKER = `
  const asked = {};
  const lost = what => { console.log("lost", what, asked[what]); process.exit(1); };
  const talk = (what, ask) => {
    let timer;
    const next = () => {
      clearTimeout(timer);
      asked[what] = (asked[what] ?? 0) + 1;
      timer = setTimeout(lost, 2000, what);
      setTimeout(ask, 1);
    };
    return next;
  };
  for (const address of process.argv[1].split(",")) {
    const socket = require("net").connect(7000, address);
    const overTcp = talk("tcp " + address, () => socket.write("?"));
    socket.on("connect", overTcp).on("data", overTcp).on("close", () => lost("tcp " + address));
    socket.on("error", () => {});
    const udp = require("dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
    const overUdp = talk("udp " + address, () => udp.send("?", 7001, address));
    udp.on("message", overUdp);
    overUdp();
  }
  process.on("SIGTERM", () => { console.log(JSON.stringify(asked)); process.exit(0); });`;

describe("journey: churn", function () {
  this.timeout(120_000);
  const context = useLab({
    nodes: [{ namePrefix: "node-", count: NODES.length }],
    networking: { nodeMaskSizes: { IPv4: 25, IPv6: 64 } },
  });
  let echoes: Pod[];

  before(async () => {
    const echo = { image: "node", command: [process.execPath, "-e", ECHO] };
    echoes = await runPods(context.lab, [
      podManifest("echo-1", { node: "node-1", ...echo }),
      podManifest("echo-2", { node: "node-2", ...echo }),
      podManifest("talker", { node: "node-1", image: "pause", args: [] }),
    ]);
  });

  const addresses = () => echoes.slice(0, 2).flatMap(pod => [ipv4Of(pod), ipv6Of(pod)]);
  const create = (pods: Pod[]) => Promise.all(pods.map(pod => context.lab.client.create(kinds.pods, pod)));
  const remove = (names: string[]) =>
    Promise.all(names.map(name => context.lab.client.delete(kinds.pods, { namespace: "default", name })));
  const gone = (prefix: string) =>
    until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => (pods.some(pod => pod.metadata.name.startsWith(prefix)) ? undefined : true),
      pods => `${pods.filter(pod => pod.metadata.name.startsWith(prefix)).length} pods are still there`,
      { timeoutMs: 60_000 },
    );
  const namesOf = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

  it(`${4 * FLOWS_PER_FAMILY} connections at once, to both nodes, over both families: every byte comes back`, async () => {
    const { pid } = await context.lab.netnsOfPod({ name: "talker" });
    const child = spawn(
      "nsenter",
      [
        `--net=/proc/${pid}/ns/net`,
        process.execPath,
        "-e",
        FLOWS,
        `${addresses()}`,
        `${FLOWS_PER_FAMILY}`,
        `${BYTES_PER_FLOW}`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    assert.equal((await text(child.stdout)).trim(), `${4 * FLOWS_PER_FAMILY}`);
  });

  it(`${CHURNED_PODS} pods come and go, and those who talk meanwhile lose nothing`, async () => {
    const talker = await startTalker();
    const watched = await watchAddresses();
    const names = namesOf("come-", CHURNED_PODS);
    await create(names.map(name => podManifest(name, { image: "pause", args: [] })));
    await context.lab.podsReady(names, { timeoutMs: 60_000 });
    // Evenly: the pods of before are two and one.
    const perNode = NODES.map(node => watched.pods().filter(pod => pod.spec.nodeName === node).length);
    assert.ok(Math.abs(perNode[0]! - perNode[1]!) <= 1, `pods a node: ${perNode}`);
    await remove(names);
    await gone("come-");
    watched.stop();
    const asked = await talker.stop();
    assert.equal(Object.keys(asked).length, 8);
  });

  it("pods that come as others go are reached, each of them: by its probe, over its own device", async () => {
    const probed = (name: string) =>
      podManifest(name, {
        node: NODES[0]!,
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: "main",
              image: "agnhost",
              args: ["netexec"],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      });
    let old: string[] = [];
    for (let wave = 0; wave < WAVES; wave++) {
      const next = namesOf(`wave-${wave}-`, PODS_PER_WAVE);
      await Promise.all([remove(old), create(next.map(probed))]);
      await context.lab.podsReady(next, { timeoutMs: 60_000 });
      old = next;
    }
    await remove(old);
    await gone("wave-");
  });

  it("daemons die while pods come and go: no address has two owners, and none is lost", async () => {
    const watched = await watchAddresses();
    const names = namesOf("die-", CHURNED_PODS);
    const [first, second] = [names.slice(0, CHURNED_PODS / 2), names.slice(CHURNED_PODS / 2)];
    const killed = () =>
      Promise.all(
        NODES.map(async node => {
          const restarted = context.lab.restarted(node);
          await context.lab.kill(node);
          await restarted;
        }),
      );
    await create(first.map(name => podManifest(name, { image: "pause", args: [] })));
    await killed();
    await Promise.all([
      remove(first),
      create(second.map(name => podManifest(name, { image: "pause", args: [] }))),
    ]);
    await killed();
    await context.lab.podsReady(second, { timeoutMs: 60_000 });
    await remove(second);
    await gone("die-");
    watched.stop();
    // One that was deleted without a grace period is gone from the API before it is from its node.
    const kept = echoes.map(pod => pod.metadata.uid);
    const leaving = NODES.flatMap(node => allocations(node).map(uid => ({ node, uid })));
    await Promise.all(
      leaving.filter(({ uid }) => !kept.includes(uid)).map(({ node, uid }) => released(node, uid)),
    );
    assert.deepEqual(NODES.flatMap(allocations).sort(), kept.sort());
  });

  it("a pod that has ended gives its addresses back", async () => {
    const [pod] = await create([
      podManifest("job", {
        node: "node-2",
        image: "x",
        command: ["true"],
        spec: { restartPolicy: "Never" },
      }),
    ]);
    await until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => pods.find(each => each.metadata.name === "job" && each.status.phase === "Succeeded"),
      pods => `job is ${pods.find(each => each.metadata.name === "job")?.status.phase}`,
    );
    await released("node-2", pod!.metadata.uid);
    await remove(["job"]);
    await gone("job");
  });

  it(`${BURST_PODS} creates while the control plane dies: what was acknowledged runs, and runs once`, async () => {
    const names = namesOf("burst-", BURST_PODS);
    // How long it sleeps is its mark among the processes of the machine.
    const secondsOf = (index: number) => `${process.pid}${1000 + index}`;
    const restarted = context.lab.restarted("control-plane");
    const acknowledged: Pod[] = [];
    const waiting = [...names.entries()];
    const creator = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, name] = next;
        const pod = podManifest(name, { image: "x", command: ["sleep", secondsOf(index)] });
        acknowledged.push(await context.lab.client.create(kinds.pods, pod));
        if (acknowledged.length === ACKNOWLEDGED_BEFORE_DEATH) await context.lab.kill("control-plane");
      }
    };
    await Promise.allSettled(Array.from({ length: CREATORS }, creator));
    await restarted;
    assert.ok(acknowledged.length < BURST_PODS, "it died before all were acknowledged");
    const { items } = await context.lab.client.list(kinds.pods, { namespace: "default" });
    const stored = new Map(items.map(pod => [pod.metadata.name, pod.metadata.uid]));
    for (const { metadata } of acknowledged) assert.equal(stored.get(metadata.name), metadata.uid);
    // A create that was not acknowledged may have been stored or not: who asked can ask again.
    const missing = names.filter(name => !stored.has(name));
    const commands = new Map(names.map((name, index) => [name, ["sleep", secondsOf(index)]]));
    await create(missing.map(name => podManifest(name, { image: "x", command: commands.get(name)! })));
    const running = await context.lab.podsReady(names, { timeoutMs: 60_000 });
    for (const pod of running) assert.equal(pod.status.containerStatuses![0]!.restartCount, 0);
    const processes = commandLines();
    for (const [name, command] of commands) {
      const count = processes.filter(line => line === command.join(" ")).length;
      assert.equal(count, 1, `processes of ${name}`);
    }
    await remove(names);
    await gone("burst-");
  });

  it("a node that falls silent is NotReady, and Ready again when it is heard; its pods ran all the while", async () => {
    const pid = context.lab.pidOf("node-2")!;
    const nodeIs = (status: string, ...taints: string[]) =>
      until(
        context.lab.client,
        kinds.nodes,
        {},
        nodes => {
          const node = nodes.find(each => each.metadata.name === "node-2")!;
          const ready = node.status.conditions?.find(({ type }) => type === "Ready");
          const has = node.spec.taints?.map(({ key, effect }) => `${key}:${effect}`) ?? [];
          return ready?.status === status && `${has}` === `${taints}` ? nodes : undefined;
        },
        () => `node-2 is not Ready=${status} with taints ${taints}`,
      );
    const unreachable = "node.kubernetes.io/unreachable";
    process.kill(pid, "SIGSTOP");
    try {
      const nodes = await nodeIs("Unknown", `${unreachable}:NoSchedule`, `${unreachable}:NoExecute`);
      assert.ok(isReady(nodes.find(node => node.metadata.name === "node-1")!));
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await nodeIs("True");
    assert.equal(context.lab.pidOf("node-2"), pid);
    const pod = await context.lab.client.get(kinds.pods, { namespace: "default", name: "echo-2" });
    assert.equal(pod.metadata.uid, echoes[1]!.metadata.uid);
    assert.equal(pod.status.containerStatuses![0]!.restartCount, 0);
    await sh(context.lab, "echo-1", `ping -c 1 -W 5 ${ipv4Of(echoes[1]!)}`);
  });

  /** Asks both echoes over everything, from a pod's network namespace. */
  async function startTalker() {
    const { pid } = await context.lab.netnsOfPod({ name: "talker" });
    const child = spawn(
      "nsenter",
      [`--net=/proc/${pid}/ns/net`, process.execPath, "-e", TALKER, `${addresses()}`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const output = text(child.stdout);
    const exited = once(child, "exit");
    return {
      async stop(): Promise<Record<string, number>> {
        child.kill("SIGTERM");
        await exited;
        const said = await output;
        assert.ok(said.startsWith("{"), said);
        return JSON.parse(said) as Record<string, number>;
      },
    };
  }

  /** Looks at every state of the pods that the API shows: an address belongs to one at a time. */
  async function watchAddresses() {
    const informer = new Informer(context.lab.client, kinds.pods, { namespace: "default" });
    const shared: string[] = [];
    informer.onChange(() => {
      const owners = new Map<string, string>();
      for (const pod of informer.values()) {
        if (pod.metadata.deletionTimestamp || /Succeeded|Failed/.test(pod.status.phase ?? "")) continue;
        for (const { ip } of pod.status.podIPs ?? []) {
          const owner = owners.get(ip);
          if (owner) shared.push(`${ip}: ${owner} and ${pod.metadata.name}`);
          owners.set(ip, pod.metadata.name);
        }
      }
    });
    await informer.start();
    return {
      pods: () => informer.values(),
      stop() {
        informer.stop();
        assert.deepEqual(shared, []);
      },
    };
  }

  /** Uids of the pods that hold addresses of a node, as it would find them after a crash. */
  /** Resolves when the node has taken a pod's addresses back, which follows its last status; else the test times out. */
  function released(node: string, uid: string): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (allocations(node).includes(uid)) return;
        watcher.close();
        resolve();
      };
      const watcher = watch(context.lab.paths.node(node), look);
      look();
    });
  }

  function allocations(node: string): string[] {
    const state = JSON.parse(readFileSync(join(context.lab.paths.node(node), "ipam.json"), "utf8")) as {
      pods: Record<string, string[]>;
    };
    return Object.keys(state.pods);
  }
});

/** Of every process of the machine. */
function commandLines(): string[] {
  const lines: string[] = [];
  for (const pid of readdirSync("/proc").filter(name => /^\d+$/.test(name))) {
    try {
      lines.push(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1).join(" "));
    } catch {
      // It has ended meanwhile.
    }
  }
  return lines;
}
