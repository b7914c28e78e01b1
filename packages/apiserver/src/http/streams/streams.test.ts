/** Logs and exec, with a node that the test plays. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { badRequest, kinds } from "@podwire/api";
import { WebSocket } from "ws";
import type {
  FrameFromContainer,
  FrameToContainer,
  NodeStream,
  NodeStreams,
  StreamRequest,
} from "../../node-streams.ts";
import {
  adminFetch,
  adminTls,
  podManifest,
  startTestServer,
  type TestServer,
} from "../../testing/test-server.ts";

const POD = "/api/v1/namespaces/default/pods/web";

/** A node: remembers what it was asked, says what it is told to. */
class FakeNode implements NodeStreams {
  asked: { container: string; request: StreamRequest }[] = [];
  received: FrameToContainer[] = [];
  #tellClosed = () => {};
  /** The client has gone. */
  readonly closed = new Promise<void>(resolve => {
    this.#tellClosed = resolve;
  });
  answer: (received: FrameToContainer[]) => AsyncIterable<FrameFromContainer> = async function* () {};

  async open(_pod: unknown, container: string, request: StreamRequest): Promise<NodeStream> {
    this.asked.push({ container, request });
    return {
      send: async frame => {
        this.received.push(frame);
      },
      frames: this.answer(this.received),
      close: this.#tellClosed,
    };
  }
}

const text = (value: string) => new TextEncoder().encode(value);
const exit = (code: number, message = ""): FrameFromContainer => ({ exit: { code, message } });

describe("streams", () => {
  let node: FakeNode;
  let server: TestServer;
  beforeEach(async () => {
    node = new FakeNode();
    server = await startTestServer({ nodeStreams: node });
    await server.call("POST", "/api/v1/namespaces/default/pods", podManifest("web"));
    await server.registry.bind({ namespace: "default", name: "web" }, "n1");
  });
  afterEach(() => server.close());

  it("sends a log as text", async () => {
    node.answer = async function* () {
      yield { stdout: text("one\n") };
      yield { stderr: text("two\n") };
      yield exit(0);
    };
    const { code, body, headers } = await server.call(
      "GET",
      `${POD}/log?tailLines=5&timestamps=true&limitBytes=9`,
    );
    assert.deepEqual([code, body, headers.get("content-type")], [200, "one\ntwo\n", "text/plain"]);
    const logs = {
      follow: false,
      previous: false,
      timestamps: true,
      tailLines: 5,
      sinceTimeMs: undefined,
      limitBytes: 9,
    };
    assert.deepEqual(node.asked, [{ container: "app", request: { logs } }]);
  });

  it("answers with a Status when there is no log", async () => {
    node.answer = async function* () {
      yield exit(1, 'container "app" in pod "web" is waiting to start: ContainerCreating');
    };
    const { code, body } = await server.call("GET", `${POD}/log`);
    assert.deepEqual(
      [code, body.message],
      [400, 'container "app" in pod "web" is waiting to start: ContainerCreating'],
    );
    assert.equal(
      (await server.call("GET", `${POD}/log?container=x`)).body.message,
      "container x is not valid for pod web",
    );
    node.open = async () => {
      throw badRequest("node n1 is not connected");
    };
    assert.equal((await server.call("GET", `${POD}/log`)).body.message, "node n1 is not connected");
  });

  it("asks which container, and refuses a Pod without a node", async () => {
    const containers = [
      { name: "a", image: "x" },
      { name: "b", image: "x" },
    ];
    await server.registry.create(kinds.pods, {
      metadata: { namespace: "default", name: "two" },
      spec: { containers },
    });
    const two = POD.replace("web", "two");
    const unclear = await server.call("GET", `${two}/log`);
    assert.equal(
      unclear.body.message,
      "a container name must be specified for pod two, choose one of: [a b]",
    );
    const unbound = await server.call("GET", `${two}/log?container=a`);
    assert.equal(unbound.body.message, "pod two does not have a host assigned");
  });

  it("stops a followed log when the client goes", async () => {
    const closed = new Promise<void>(resolve => {
      node.open = async () => ({
        send: async () => {},
        frames: (async function* () {
          yield { stdout: text("here\n") };
          await closed;
        })(),
        close: resolve,
      });
    });
    const stop = new AbortController();
    const response = await adminFetch(`${server.url}${POD}/log?follow=true`, { signal: stop.signal });
    const reader = response.body!.getReader();
    assert.equal(Buffer.from((await reader.read()).value!).toString(), "here\n");
    stop.abort();
    await closed;
  });

  for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
    it(`runs a command over ${protocol}`, async () => {
      node.answer = async function* (received) {
        while (!received.some(frame => "stdin" in frame)) await new Promise(resolve => setImmediate(resolve));
        yield { stdout: text("out") };
        yield { stderr: text("err") };
        yield exit(3);
      };
      const query = "command=sh&command=-c&command=x&stdin=true&stdout=true&stderr=true";
      const client = new WebSocket(`${server.url}${POD}/exec?${query}`, [protocol], adminTls());
      const messages: Buffer[] = [];
      client.on("message", data => messages.push(data as Buffer));
      await once(client, "open");
      assert.equal(client.protocol, protocol);
      client.send(Buffer.concat([Buffer.of(4), Buffer.from('{"Width":80,"Height":24}')]));
      client.send(Buffer.concat([Buffer.of(255), Buffer.of(0)]));
      client.send(Buffer.concat([Buffer.of(0), Buffer.from("in")]));
      const [code] = await once(client, "close");
      assert.equal(code, 1000);
      // The first, empty one says that the streams are there.
      assert.deepEqual(messages.slice(0, 3).map(String), ["\u0001", "\u0001out", "\u0002err"]);
      assert.equal(messages[3]![0], 3);
      const status = JSON.parse(messages[3]!.subarray(1).toString());
      assert.deepEqual([status.status, status.reason], ["Failure", "NonZeroExitCode"]);
      assert.deepEqual(status.details.causes, [{ reason: "ExitCode", message: "3" }]);
      const size = { resize: { columns: 80, rows: 24 } };
      const canHalfClose = protocol === "v5.channel.k8s.io";
      assert.deepEqual(node.received.slice(0, -1), canHalfClose ? [size, { stdinClosed: true }] : [size]);
      assert.deepEqual(node.asked[0]!.request, {
        exec: { command: ["sh", "-c", "x"], stdin: true, tty: false },
      });
      await node.closed;
    });
  }

  it("says success, and why a command could not be run", async () => {
    const statusOf = async (frame: FrameFromContainer) => {
      node.answer = async function* () {
        yield frame;
      };
      const client = new WebSocket(
        `${server.url}${POD}/exec?command=x&stdout=1`,
        ["v5.channel.k8s.io"],
        adminTls(),
      );
      const messages: Buffer[] = [];
      client.on("message", data => messages.push(data as Buffer));
      await once(client, "close");
      return JSON.parse(messages.at(-1)!.subarray(1).toString());
    };
    assert.deepEqual(await statusOf(exit(0)), { metadata: {}, status: "Success" });
    assert.match((await statusOf(exit(126, "no such program"))).message, /no such program/);
  });

  it("refuses an exec it cannot serve with a Status", async () => {
    const refusal = async (path: string, protocols: string[]) => {
      const client = new WebSocket(server.url + path, protocols, adminTls());
      client.on("error", () => {});
      const [, response] = await once(client, "unexpected-response");
      let body = "";
      for await (const chunk of response) body += chunk;
      return JSON.parse(body);
    };
    const v5 = ["v5.channel.k8s.io"];
    assert.equal((await refusal(`${POD}/exec?stdout=1`, v5)).code, 400);
    assert.match((await refusal(`${POD}/exec?command=x`, v5)).message, /at least 1 of stdin, stdout, stderr/);
    assert.equal(
      (await refusal(`${POD}/exec?command=x&stdout=1`, ["chat"])).message,
      "requested protocol(s) are not supported: [chat]; supports [v5.channel.k8s.io v4.channel.k8s.io " +
        "v4.base64.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io base64.channel.k8s.io]",
    );
    assert.equal(
      (await refusal("/api/v1/namespaces/default/pods/none/exec?command=x&stdout=1", v5)).code,
      404,
    );
    // Where there is nothing to upgrade to, the client is answered as if it had not asked.
    assert.equal((await refusal("/api/v1/nodes", v5)).kind, "NodeList");
  });
});
