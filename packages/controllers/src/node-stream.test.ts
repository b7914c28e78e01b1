/**
 * The node stream whole, over unix sockets: the store, the controllers and the node server of a control plane on one
 * end, the daemons' client on the other.
 */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { type ChannelCredentials, Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { isReason, kinds, type PodSpec } from "@podwire/api";
import type { NodeTls } from "@podwire/client/node-sync";
import { CertificateAuthority } from "@podwire/pki";
import { testAdmin, testNode } from "@podwire/pki/testing";
import { type FromNode, NodeSync, type ToNodeBatch } from "@podwire/protocol";
import { openLmdbStore, openMemoryStore } from "@podwire/store";
import { readyStatus, TestControlPlane, type TestControlPlaneOptions } from "./testing/control-plane.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { refOf, TestNode } from "./testing/test-node.ts";

describe("node stream", () => {
  let plane: TestControlPlane;
  const nodes: TestNode[] = [];

  async function start(options?: TestControlPlaneOptions): Promise<void> {
    plane = await TestControlPlane.start(options);
  }
  async function joinNodes(...indexes: number[]): Promise<TestNode[]> {
    const joined: TestNode[] = [];
    for (const index of indexes) joined.push(await TestNode.start(plane.address, index));
    nodes.push(...joined);
    return joined;
  }
  afterEach(async () => {
    for (const node of nodes.splice(0)) node.client.stop();
    await plane.stop();
  });

  it("registers nodes, gives them pod CIDRs, tells them of each other and makes them Ready", async () => {
    await start();
    const [first, second] = (await joinNodes(1, 2)) as [TestNode, TestNode];
    await first.until(() => first.peers.has("node-2") && first.peers.has("node-1"));
    await second.until(() => second.peers.has("node-1"));
    const cidrs = [first, second].flatMap(node => node.registered[0]!.podCidrs).sort();
    assert.deepEqual(cidrs, ["10.244.0.0/24", "10.244.1.0/24", "fd00:10:244:1::/64", "fd00:10:244::/64"]);
    const node = (await plane.untilReady("node-1", "True"))!;
    assert.deepEqual(node.metadata.labels, {
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "kubernetes.io/hostname": "node-1",
      "kubernetes.io/os": "linux",
      "podwire.dev/index": "1",
    });
    assert.equal(node.status.nodeInfo?.kubeletVersion, "test");
    assert.equal(node.spec.taints?.length ?? 0, 0);
    assert.deepEqual(second.peers.get("node-1")!.vtep.mac, Buffer.from([2, 0, 0, 0, 0, 1]));
  });

  it("carries a Pod from creation to its address at the other node, and to its end", async () => {
    await start();
    const [first, second] = (await joinNodes(1, 2)) as [TestNode, TestNode];
    await Promise.all([plane.untilReady("node-1", "True"), plane.untilReady("node-2", "True")]);
    await plane.createPod("web");
    await first.until(() => first.podNamed("web") !== undefined);
    const pod = first.podNamed("web")!;
    assert.equal(pod.spec.nodeName, "node-1");
    const podIPs = [{ ip: "10.244.0.2" }, { ip: "fd00:10:244::2" }];
    first.client.podStatus(refOf(pod), { phase: "Running", podIP: "10.244.0.2", podIPs });
    await second.until(() => second.addresses.has("web"));
    assert.deepEqual(second.addresses.get("web"), ["10.244.0.2", "fd00:10:244::2"]);
    await first.until(() => first.client.unacknowledged === 0);
    const { object } = await plane.registry.get(kinds.pods, { namespace: "default", name: "web" });
    assert.equal(object.status.conditions?.find(({ type }) => type === "PodScheduled")?.status, "True");
    assert.equal(object.status.qosClass, "BestEffort");

    await plane.registry.delete(kinds.pods, { namespace: "default", name: "web" });
    await first.until(() => first.podNamed("web")?.metadata.deletionTimestamp !== undefined);
    first.client.podGone(refOf(pod));
    await first.until(() => first.podNamed("web") === undefined);
    await second.until(() => !second.addresses.has("web"));
    assert.equal(first.client.unacknowledged, 0);
  });

  it("takes a node for the one that its certificate names, and nobody without one of the cluster's", async () => {
    await start();
    const other = await TestNode.start(plane.address, 1, { tls: await testNode("node-2") });
    nodes.push(other);
    await other.until(() => other.refusedWith !== undefined);
    assert.equal(
      other.refusedWith,
      'Node "node-1": the client\'s certificate is for "system:node:node-2"; start the daemon with the certificate for "system:node:node-1"',
    );
    assert.deepEqual(plane.server.connected(), []);
    const { ca, serverName } = await testNode("node-1");
    const foreign = await testNode("node-1", await CertificateAuthority.create("elsewhere", Date.now()));
    const none = credentials.createSsl(Buffer.from(ca));
    const table: [ChannelCredentials, number, RegExp][] = [
      [
        credentialsOf({ ...(await testAdmin()), serverName }),
        status.INVALID_ARGUMENT,
        /is for "kubernetes-admin"/,
      ],
      [credentialsOf({ ...foreign, ca }), status.UNAVAILABLE, /./],
      [none, status.UNAVAILABLE, /./],
      [
        credentialsOf({ ...(await testNode("node-1")), ca: foreign.ca }),
        status.UNAVAILABLE,
        /signature|issuer|certificate/,
      ],
      [credentials.createInsecure(), status.UNAVAILABLE, /./],
    ];
    for (const [presented, code, details] of table) {
      const refusal = await registerWith(presented, serverName);
      assert.deepEqual([refusal.code, details.test(refusal.details)], [code, true], refusal.details);
    }
    assert.deepEqual(plane.server.connected(), []);
  });

  it("a node without a connection says why, once for each reason", async () => {
    await start();
    const own = await testNode("node-1");
    const foreign = await testNode("node-1", await CertificateAuthority.create("elsewhere", Date.now()));
    const table: [NodeTls, RegExp][] = [
      [{ ...foreign, ca: own.ca }, /refuses this node's certificate/],
      [{ ...own, ca: foreign.ca }, /certificate/],
    ];
    for (const [index, [tls, reason]] of table.entries()) {
      const socket = join(plane.directory, `late-${index}.sock`);
      const node = await TestNode.start(`unix:${socket}`, 1, { tls, heartbeatIntervalMs: 5 });
      nodes.push(node);
      await node.until(() => node.unreachable.length > 0);
      symlinkSync(plane.socket, socket);
      await node.until(() => node.unreachable.length > 1);
      assert.match(node.unreachable[0]!, /^connect ENOENT /);
      assert.match(node.unreachable[1]!, reason);
      assert.equal(node.connects, 0);
    }
  });

  const credentialsOf = ({ ca, cert, key }: NodeTls) =>
    credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert));

  /** How the registration of node-1 by such a client ends. */
  async function registerWith(presented: ChannelCredentials, serverName: string): Promise<ServiceError> {
    const client = new Client(plane.address, presented, { "grpc.ssl_target_name_override": serverName });
    const { path, request, response } = NodeSync.Sync;
    const call = client.makeBidiStreamRequest<FromNode, ToNodeBatch>(
      path,
      message => request.encode(message),
      bytes => response.decode(bytes),
    );
    const vtep = {
      mac: Buffer.alloc(6, 2),
      udpPort: 4789,
      vni: 1,
      underlayMtu: 1500,
      remoteChecksumOffload: true,
    };
    const said = { name: "node-1", labels: {}, taints: [], addresses: ["192.168.77.1"], vtep };
    const rest = {
      resumeRevision: 0,
      resumeHistory: "",
      nodeInfo: Buffer.alloc(0),
      capacity: Buffer.alloc(0),
    };
    call.write({ message: { case: "register", value: { ...said, ...rest } } });
    try {
      return await new Promise(resolve => call.once("error", error => resolve(error as ServiceError)));
    } finally {
      client.close();
    }
  }

  it("resumes after a cut: only what changed meanwhile is told", async () => {
    await start();
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    await plane.createPod("before", { nodeName: "node-1" });
    await node.until(() => node.podNamed("before") !== undefined);
    await plane.server.close();
    await plane.createPod("meanwhile", { nodeName: "node-1" });
    await plane.registry.delete(
      kinds.pods,
      { namespace: "default", name: "before" },
      { gracePeriodSeconds: 0 },
    );
    await plane.serve();
    await node.until(() => node.podNamed("meanwhile") !== undefined && node.podNamed("before") === undefined);
    assert.deepEqual([node.snapshots, node.connects], [1, 2]);
    assert.match(node.cuts[0]!, /shutting down/);
  });

  it("sends a snapshot when the node's revision has been compacted", async () => {
    await start();
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    await plane.createPod("before", { nodeName: "node-1" });
    await node.until(() => node.podNamed("before") !== undefined);
    await plane.server.close();
    await plane.registry.delete(
      kinds.pods,
      { namespace: "default", name: "before" },
      { gracePeriodSeconds: 0 },
    );
    await plane.createPod("meanwhile", { nodeName: "node-1" });
    await plane.store.compact(plane.store.revision);
    await plane.serve();
    await node.until(() => node.snapshots === 2);
    assert.equal(node.podNamed("before"), undefined);
    assert(node.podNamed("meanwhile") !== undefined);
  });

  it("sends again what was not acknowledged, and ignores a status of another Pod of the name", async () => {
    await start();
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    const pod = await plane.createPod("web", { nodeName: "node-1" });
    await plane.server.close();
    await node.until(() => node.cuts.length === 1);
    node.client.podStatus(refOf(pod), { phase: "Pending" });
    node.client.podStatus(refOf(pod), { phase: "Running" });
    node.client.podStatus({ ...refOf(pod), uid: "another" }, { phase: "Failed" });
    const fieldPath = "spec.containers{main}";
    const message = "Started container main";
    node.client.event(refOf(pod), { type: "Normal", reason: "Started", message, fieldPath });
    assert.equal(node.client.unacknowledged, 2);
    await plane.serve();
    await node.until(() => node.client.unacknowledged === 0);
    const { object } = await plane.registry.get(kinds.pods, { namespace: "default", name: "web" });
    assert.equal(object.status.phase, "Running");
    const events = async () => (await plane.registry.list(kinds.events)).items.map(stored => stored.object);
    const isStarted = (reason: string | undefined) => reason === "Started";
    const started = (await events()).find(({ reason }) => isStarted(reason))!;
    assert.deepEqual([started.involvedObject.uid, started.source?.host], [pod.metadata.uid, "node-1"]);
    assert.deepEqual([started.involvedObject.fieldPath, started.source?.component], [fieldPath, "kubelet"]);
  });

  it("tells a node of the ConfigMaps and Secrets of its own pods, before them and as they change, over cuts", async () => {
    await start();
    const [node, other] = (await joinNodes(1, 2)) as [TestNode, TestNode];
    await plane.untilReady("node-1", "True");
    const { registry } = plane;
    const put = (name: string, value: string) =>
      registry.create(kinds.configMaps, { metadata: { namespace: "default", name }, data: { key: value } });
    const change = (name: string, value: string) =>
      registry.mutate(kinds.configMaps, { namespace: "default", name }, copy => {
        copy.data = { key: value };
      });
    const values = () => [...node.configs].map(([key, { data }]) => `${key}=${data?.key}`).sort();
    const until = (...expected: string[]) => node.until(() => values().join() === expected.join());

    for (const name of ["used", "unused", "later"]) await put(name, "1");
    const envFrom = [
      { configMapRef: { name: "used" } },
      { configMapRef: { name: "absent" } },
      { secretRef: { name: "keys" } },
    ];
    const containers = [{ name: "main", image: "pause", envFrom }];
    const pod = await plane.createPod("web", { nodeName: "node-1", containers } as Partial<PodSpec>);
    await node.until(() => node.podNamed("web") !== undefined);
    assert.deepEqual(values(), ["ConfigMap/used=1"], "there with the pod");

    await put("absent", "1");
    const data = { key: Buffer.from("hush").toString("base64") };
    await registry.create(kinds.secrets, { metadata: { namespace: "default", name: "keys" }, data });
    await until("ConfigMap/absent=1", "ConfigMap/used=1", `Secret/keys=${data.key}`);
    await change("used", "2");
    await change("unused", "2");
    await registry.delete(kinds.configMaps, { namespace: "default", name: "absent" });
    await until("ConfigMap/used=2", `Secret/keys=${data.key}`);

    await plane.server.close();
    await node.until(() => node.cuts.length === 1);
    await registry.delete(kinds.secrets, { namespace: "default", name: "keys" });
    await change("used", "3");
    await change("later", "3");
    const volumes = [{ name: "v", configMap: { name: "later" } }];
    await plane.createPod("more", { nodeName: "node-1", volumes } as Partial<PodSpec>);
    await plane.serve();
    await until("ConfigMap/later=3", "ConfigMap/used=3");
    assert.equal(node.snapshots, 1, "resumed");

    await registry.delete(kinds.pods, refOf(pod), { gracePeriodSeconds: 0 });
    await until("ConfigMap/later=3");
    assert.deepEqual([...other.configs], []);
  });

  it("calls a node NotReady after five seconds of silence, and Ready when it is heard again", async () => {
    const clock = new ManualClock();
    await start({ clock });
    const node = await TestNode.start(plane.address, 1, { heartbeatIntervalMs: 3_600_000 });
    nodes.push(node);
    await plane.untilReady("node-1", "True");
    clock.advance(4_999);
    assert.equal(readyStatus((await plane.registry.get(kinds.nodes, { name: "node-1" })).object), "True");
    clock.advance(1);
    const silent = (await plane.until(
      kinds.nodes,
      { name: "node-1" },
      each => each?.spec.taints?.length === 2,
    ))!;
    assert.equal(readyStatus(silent), "Unknown");
    assert.equal(silent.spec.taints?.[0]?.key, "node.kubernetes.io/unreachable");
    node.client.setReady("the data plane has stopped");
    await plane.untilReady("node-1", "False");
    node.client.setReady();
    const back = (await plane.until(kinds.nodes, { name: "node-1" }, each => !each?.spec.taints?.length))!;
    assert.equal(readyStatus(back), "True");
  });

  it("lets the newest daemon of a name win, and tells the older one", async () => {
    await start();
    const [older] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    const newer = await TestNode.start(plane.address, 1);
    nodes.push(newer);
    await older.until(() => older.refusedWith !== undefined);
    assert.equal(older.refusedWith, 'Node "node-1": another daemon has registered under this name');
    await newer.until(() => newer.snapshots === 1);
    assert.deepEqual(plane.server.connected(), ["node-1"]);
  });

  it("refuses a node whose address cannot work, with the way out", async () => {
    await start({ clusterCidrs: ["192.168.0.0/16"] });
    const [inside] = (await joinNodes(1)) as [TestNode];
    await inside.until(() => inside.refusedWith !== undefined);
    assert.match(
      inside.refusedWith!,
      /Node "node-1": addresses: 192\.168\.77\.1 lies in the cluster CIDR 192\.168/,
    );
    await plane.stop();
    await start();
    const [first] = (await joinNodes(1)) as [TestNode];
    await first.until(() => first.registered.length === 1);
    const second = await TestNode.start(plane.address, 1, { name: "node-2" });
    nodes.push(second);
    await second.until(() => second.refusedWith !== undefined);
    assert.match(second.refusedWith!, /192\.168\.77\.1 is the address of Node "node-1"; delete that Node/);
  });

  it("registers a node again whose Node object was deleted", async () => {
    await start();
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    await plane.registry.delete(kinds.nodes, { name: "node-1" });
    await node.until(() => node.registered.length === 2);
    assert.notEqual(node.registered[1]!.uid, node.registered[0]!.uid);
    await plane.untilReady("node-1", "True");
  });

  it("lets a node wait for a control plane that is not there yet", async () => {
    await start();
    await plane.server.close();
    const [node] = (await joinNodes(1)) as [TestNode];
    node.client.podStatus({ namespace: "default", name: "web", uid: "1" }, { phase: "Running" });
    assert.equal(node.connects, 0);
    await plane.serve();
    await plane.untilReady("node-1", "True");
    await node.until(() => node.client.unacknowledged === 0);
  });

  it("keeps nodes, pod CIDRs and revisions over a restart on LMDB, and goes on with changes alone", async () => {
    await start();
    const directory = join(plane.directory, "store");
    await plane.halt();
    await plane.startOn(await openLmdbStore(directory));
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    await plane.createPod("before", { nodeName: "node-1" });
    await node.until(() => node.podNamed("before") !== undefined);
    await plane.halt();
    await plane.startOn(await openLmdbStore(directory));
    await plane.createPod("after", { nodeName: "node-1" });
    await node.until(() => node.podNamed("after") !== undefined);
    assert.deepEqual(node.registered[1], node.registered[0]);
    assert.deepEqual([node.snapshots, node.connects], [1, 2]);
    assert.equal(node.podNamed("before")?.metadata.name, "before");
  });

  it("starts from a snapshot when the control plane lost its store", async () => {
    await start();
    const [node] = (await joinNodes(1)) as [TestNode];
    await plane.untilReady("node-1", "True");
    await plane.createPod("lost", { nodeName: "node-1" });
    await node.until(() => node.podNamed("lost") !== undefined);
    await plane.halt();
    await plane.startOn(openMemoryStore());
    await node.until(() => node.snapshots === 2);
    assert.equal(node.podNamed("lost"), undefined);
  });
});

describe("streams to containers", () => {
  let plane: TestControlPlane;
  let node: TestNode;
  beforeEach(async () => {
    plane = await TestControlPlane.start({ attachTimeoutMs: 100 });
    node = await TestNode.start(plane.address, 1);
    await plane.untilReady("node-1", "True");
  });
  afterEach(async () => {
    node.client.stop();
    await plane.stop();
  });

  const exec = { exec: { command: ["cat"], stdin: true, tty: false } };

  it("relay frames both ways and end with the exit code", async () => {
    const pod = await plane.createPod("web", { nodeName: "node-1" });
    const opening = plane.server.streams.open(pod, "main", exec);
    await node.until(() => node.streams.length === 1);
    const [request] = node.streams;
    assert.deepEqual(request!.kind, { case: "exec", value: exec.exec });
    const attachment = node.client.attach(request!.streamId);
    const stream = await opening;
    const serving = (async () => {
      for await (const frame of attachment.frames) {
        if (frame.case === "stdin") await attachment.send({ case: "stdout", value: frame.value });
        if (frame.case === "stdinClosed") break;
      }
      await attachment.end({ code: 7, message: "" });
    })();
    await stream.send({ stdin: Buffer.from("hello") });
    await stream.send({ stdinClosed: true });
    const received = [];
    for await (const frame of stream.frames) received.push(frame);
    await serving;
    assert.deepEqual(received, [{ stdout: Buffer.from("hello") }, { exit: { code: 7, message: "" } }]);
  });

  it("tell the node when the client leaves, and the client when the node does", async () => {
    const pod = await plane.createPod("web", { nodeName: "node-1" });
    const open = async (index: number) => {
      const opening = plane.server.streams.open(pod, "main", exec);
      await node.until(() => node.streams.length === index);
      const attachment = node.client.attach(node.streams[index - 1]!.streamId);
      return { attachment, stream: await opening };
    };
    const left = await open(1);
    left.stream.close();
    for await (const frame of left.attachment.frames) assert.fail(`no frame is due: ${frame.case}`);
    assert.equal(await left.attachment.send({ case: "stdout", value: Buffer.from("x") }), false);

    const cut = await open(2);
    cut.attachment.cancel();
    await assert.rejects(async () => {
      for await (const frame of cut.stream.frames) assert.fail(JSON.stringify(frame));
    }, /node "node-1" cut its stream of pod default\/web/);
  });

  it("fail by name when the node does not answer or is away", async () => {
    const pod = await plane.createPod("web", { nodeName: "node-1" });
    await assert.rejects(plane.server.streams.open(pod, "main", exec), error => {
      return (
        isReason(error, "Timeout") &&
        /node "node-1" did not open the stream within 0\.1 s/.test(error.message)
      );
    });
    const away = await plane.createPod("away", { nodeName: "node-9" });
    await assert.rejects(plane.server.streams.open(away, "main", exec), error => {
      return (
        isReason(error, "ServiceUnavailable") &&
        /node "node-9" of pod default\/away is not connected/.test(error.message)
      );
    });
    const opening = plane.server.streams.open(pod, "main", exec);
    node.client.stop();
    await assert.rejects(opening, /node "node-1" lost its connection/);
  });
});
