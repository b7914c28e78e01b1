/** The REST client against the real API server, over a store in memory and with a node that the test plays. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { isReason, kinds, type Node, type Pod, parseLabelSelector, serviceUnavailable } from "@podwire/api";
import {
  type ApiServer,
  createApiServer,
  type FrameFromContainer,
  type FrameToContainer,
  type NodeStreams,
  openRegistry,
  type Registry,
  type StreamRequest,
} from "@podwire/apiserver";
import { testAdmin, testServerCredentials } from "@podwire/pki/testing";
import { openMemoryStore, type Store } from "@podwire/store";
import type { ObjectWatch, WatchEvent } from "../api.ts";
import { Informer } from "../informer/informer.ts";
import { ApiClient } from "./api-client.ts";

/** `echo` copies stdin to stdout and ends with 3; `broken` loses its node; a log has two lines. */
const playedNode: NodeStreams = {
  open: async (_pod, _container, request) => {
    const input = new Queue<FrameToContainer>();
    return {
      send: async frame => input.push(frame),
      close: () => input.end(),
      frames: playedFrames(request, input),
    };
  },
};

async function* playedFrames(
  request: StreamRequest,
  input: Queue<FrameToContainer>,
): AsyncGenerator<FrameFromContainer> {
  if ("logs" in request) {
    yield { stdout: Buffer.from("one\n") };
    yield { stdout: Buffer.from(`tail ${request.logs.tailLines}\n`) };
    yield { exit: { code: 0, message: "" } };
    return;
  }
  if (!("exec" in request)) return;
  const [command] = request.exec.command;
  if (command === "broken") throw serviceUnavailable('node "node-1" is gone');
  if (command === "missing") yield { exit: { code: 1, message: "no such command: missing" } };
  if (command !== "echo") return;
  yield { stderr: Buffer.from("echoing\n") };
  for await (const frame of input) {
    if ("stdin" in frame) yield { stdout: Buffer.from(frame.stdin) };
    if ("stdinClosed" in frame) break;
  }
  yield { exit: { code: 3, message: "" } };
}

class Queue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.#ended) return;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}

function podOf(name: string, labels: Record<string, string> = {}) {
  const spec: Pod["spec"] = { containers: [{ name: "main", image: "agnhost" }], nodeName: "node-1" };
  return { metadata: { namespace: "default", name, labels }, spec };
}

async function next<T>(watch: ObjectWatch<T>): Promise<WatchEvent<T>> {
  return (await watch.next())![0]!;
}

const tls = await testAdmin();

describe("REST client", () => {
  let store: Store;
  let registry: Registry;
  let server: ApiServer;
  let api: ApiClient;
  let port: number;

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store);
    server = createApiServer({
      registry,
      nodeStreams: playedNode,
      credentials: await testServerCredentials(),
    });
    port = await server.listen(0, "127.0.0.1");
    api = new ApiClient({ url: `https://127.0.0.1:${port}`, tls });
  });
  afterEach(async () => {
    api.close();
    await server.close();
    await store.close();
  });

  it("creates, gets, changes and deletes objects", async () => {
    await api.ready();
    const created = await api.create(kinds.pods, podOf("web"));
    assert.equal(created.status.phase, "Pending");
    const labelled = await api.mutate(kinds.pods, created.metadata, copy => {
      copy.metadata.labels = { tier: "front" };
    });
    assert.deepEqual(await api.get(kinds.pods, { namespace: "default", name: "web" }), labelled);
    const unchanged = await api.mutate(kinds.pods, created.metadata, () => {});
    assert.equal(unchanged.metadata.resourceVersion, labelled.metadata.resourceVersion);
    const status = { phase: "Running" as const };
    await api.update(kinds.pods, { ...labelled, status }, { subresource: "status" });
    await assert.rejects(api.update(kinds.pods, labelled), error => isReason(error, "Conflict"));
    await api.delete(kinds.pods, created.metadata, { gracePeriodSeconds: 0, uid: created.metadata.uid });
    await assert.rejects(api.get(kinds.pods, created.metadata), error => {
      return isReason(error, "NotFound") && error.message === 'pods "web" not found';
    });
  });

  it("binds, deletes collections and writes cluster-scoped objects", async () => {
    const { nodeName: _, ...spec } = podOf("web").spec;
    await api.create(kinds.pods, { ...podOf("web"), spec });
    await api.bind({ namespace: "default", name: "web" }, "node-2");
    assert.equal((await api.get(kinds.pods, { namespace: "default", name: "web" })).spec.nodeName, "node-2");
    await api.create(kinds.nodes, { metadata: { name: "node-2" }, spec: {} });
    await api.deleteCollection(kinds.pods, { namespace: "default" }, { gracePeriodSeconds: 0 });
    assert.equal((await api.list(kinds.pods)).items.length, 0);
    assert.deepEqual(
      (await api.list<Node>(kinds.nodes)).items.map(({ metadata }) => metadata.name),
      ["node-2"],
    );
  });

  it("lists in pages, by selector, with the type of each item", async () => {
    for (let index = 0; index < 1_001; index++) {
      await registry.create(kinds.pods, podOf(`p${index}`, { even: String(index % 2 === 0) }));
    }
    const { items, revision } = await api.list(kinds.pods);
    assert.equal(items.length, 1_001);
    assert.deepEqual([items[0]!.kind, items[0]!.apiVersion, revision], ["Pod", "v1", registry.revision]);
    const even = await api.list(kinds.pods, {
      namespace: "default",
      labels: parseLabelSelector("even=true"),
    });
    assert.equal(even.items.length, 501);
    const fields = [{ field: "metadata.name", operator: "=", value: "p7" }] as const;
    assert.equal((await api.list(kinds.pods, { fields })).items.length, 1);
  });

  it("watches, over the cut of its connection", async () => {
    const proxy = await cuttableProxy(port);
    const client = new ApiClient({ url: `https://127.0.0.1:${proxy.port}`, tls });
    const { revision } = await client.list(kinds.pods);
    const watch = client.watch(kinds.pods, revision);
    try {
      await registry.create(kinds.pods, podOf("a"));
      assert.equal((await next(watch)).object.metadata.name, "a");
      proxy.cut();
      await registry.create(kinds.pods, podOf("b"));
      await registry.delete(kinds.pods, { namespace: "default", name: "a" }, { gracePeriodSeconds: 0 });
      const events = [await next(watch), await next(watch)];
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ["ADDED b", "DELETED a"],
      );
    } finally {
      watch.close();
      client.close();
      proxy.close();
    }
  });

  it("says Expired when a watch asks for history that is gone, and an informer lists again", async () => {
    await registry.create(kinds.pods, podOf("a"));
    const before = registry.revision;
    await registry.create(kinds.pods, podOf("b"));
    await store.compact(registry.revision);
    await assert.rejects(api.watch(kinds.pods, before).next(), error => isReason(error, "Expired"));
    const informer = new Informer<Pod>(api, kinds.pods);
    await informer.start();
    assert.equal(informer.size, 2);
    const seen = new Promise<string>(resolve => informer.onChange(({ key }) => resolve(key)));
    await registry.create(kinds.pods, podOf("c"));
    assert.equal(await seen, "default/c");
    informer.stop();
  });

  it("says where it looked for a server that is not there", async () => {
    await server.close();
    await assert.rejects(api.list(kinds.pods), error => {
      const expected = `the API server at 127.0.0.1:${port} cannot be reached (ECONNREFUSED); is the lab up?`;
      return isReason(error, "ServiceUnavailable") && error.message === expected;
    });
  });

  it("runs commands: input, output, exit code", async () => {
    await api.create(kinds.pods, podOf("web"));
    const output: string[] = [];
    const options = {
      stdin: true,
      stdout: (bytes: Buffer) => void output.push(`out ${bytes}`),
      stderr: (bytes: Buffer) => void output.push(`err ${bytes}`),
    };
    const pod = { namespace: "default", name: "web" };
    const session = await api.exec(pod, { ...options, command: ["echo"] });
    await session.write(Buffer.from("hello"));
    session.endInput();
    assert.equal(await session.exitCode, 3);
    assert.deepEqual(output, ["err echoing\n", "out hello"]);
  });

  it("says why a command could not be run", async () => {
    await api.create(kinds.pods, podOf("web"));
    const options = { stdout: () => {}, stderr: () => {} };
    const pod = { namespace: "default", name: "web" };
    const nowhere = api.exec({ namespace: "default", name: "nowhere" }, { ...options, command: ["echo"] });
    await assert.rejects(nowhere, error => isReason(error, "NotFound"));
    const missing = await api.exec(pod, { ...options, command: ["missing"] });
    await assert.rejects(missing.exitCode, /no such command: missing/);
    const broken = await api.exec(pod, { ...options, command: ["broken"] });
    await assert.rejects(broken.exitCode, /node "node-1" is gone/);
  });

  it("reads logs", async () => {
    await api.create(kinds.pods, podOf("web"));
    const chunks: Buffer[] = [];
    for await (const chunk of await api.logs({ namespace: "default", name: "web" }, { tailLines: 5 })) {
      chunks.push(chunk);
    }
    assert.equal(Buffer.concat(chunks).toString(), "one\ntail 5\n");
    await assert.rejects(api.logs({ namespace: "default", name: "none" }), error =>
      isReason(error, "NotFound"),
    );
  });
});

/** A way to the server whose connections the test can cut. */
async function cuttableProxy(target: number): Promise<{ port: number; cut: () => void; close: () => void }> {
  const sockets = new Set<Socket>();
  const proxy: Server = createServer(client => {
    const upstream = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
    }
  });
  await new Promise<void>(resolve => proxy.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const close = () => {
    cut();
    proxy.close();
  };
  return { port: (proxy.address() as AddressInfo).port, cut, close };
}
