/** Every way in which exec, attach and port-forward are carried, with a node that echoes. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { WebSocket, WebSocketServer } from "ws";
import { SOCKET_MESSAGE_MAX_BYTES } from "../../limits.ts";
import { PortNode } from "../../testing/port-node.ts";
import { adminTls, podManifest, startTestServer, type TestServer } from "../../testing/test-server.ts";
import { Type } from "./spdy/frames.ts";
import { Peer } from "./spdy/testing/peer.ts";
import { overWebSocket } from "./spdy/testing/tunnel.ts";

const POD = "/api/v1/namespaces/default/pods/web";
const seed = testSeed();

describe("stream protocols", () => {
  let server: TestServer;
  let node: PortNode;
  let echo: Server;
  let port: number;

  before(async () => {
    node = new PortNode();
    server = await startTestServer({ nodeStreams: node });
    await server.call("POST", "/api/v1/namespaces/default/pods", podManifest("web"));
    await server.registry.bind({ namespace: "default", name: "web" }, "n1");
    echo = createServer({ allowHalfOpen: true }, socket => socket.on("error", () => {}).pipe(socket));
    await new Promise<void>(resolve => echo.listen(0, "127.0.0.1", resolve));
    ({ port } = echo.address() as AddressInfo);
  });

  after(async () => {
    echo.close();
    await server.close();
  });

  async function openSocket(path: string, protocols: string[]): Promise<WebSocket> {
    const socket = new WebSocket(server.url + path, protocols, adminTls());
    await once(socket, "open");
    return socket;
  }

  /** All messages until the close. */
  async function messagesOf(socket: WebSocket): Promise<Buffer[]> {
    const messages: Buffer[] = [];
    socket.on("message", data => messages.push(data as Buffer));
    await once(socket, "close");
    return messages;
  }

  const COMMAND = "stdin=true&stdout=true&tty=false";

  it("v5: half-close ends the input, and how it ended is a Status", async () => {
    for (const what of [`exec?command=cat&${COMMAND}`, `attach?${COMMAND}`]) {
      const socket = await openSocket(`${POD}/${what}`, ["v5.channel.k8s.io"]);
      const messages = messagesOf(socket);
      socket.send(Buffer.from("\0hello"));
      socket.send(Buffer.of(255, 0));
      assert.deepEqual((await messages).map(String), [
        "\u0001",
        "\u0001hello",
        '\u0003{"metadata":{},"status":"Success"}',
      ]);
    }
    assert.deepEqual(node.asked.slice(-2), [
      { exec: { command: ["cat"], stdin: true, tty: false } },
      { attach: { stdin: true, stdout: true, stderr: false } },
    ]);
  });

  it("base64: digits for channels, data in Base64, as text", async () => {
    for (const protocol of ["v4.base64.channel.k8s.io", "base64.channel.k8s.io"]) {
      const socket = await openSocket(`${POD}/attach?${COMMAND}`, [protocol]);
      socket.send(`0${Buffer.from("hello").toString("base64")}`);
      const received: [string, boolean][] = [];
      await new Promise<void>(resolve => {
        socket.on("message", (data, isBinary) => {
          received.push([String(data), isBinary]);
          if (received.length === 2) resolve();
        });
      });
      assert.deepEqual(received, [
        ["1", false],
        [`1${Buffer.from("hello").toString("base64")}`, false],
      ]);
      socket.close();
    }
  });

  it("speaks the client's first protocol that it has, or none when none is named", async () => {
    const protocols = ["v9.channel.k8s.io", "v3.channel.k8s.io", "v5.channel.k8s.io"];
    const socket = await openSocket(`${POD}/attach?${COMMAND}`, protocols);
    assert.equal(socket.protocol, "v3.channel.k8s.io");
    const silent = await openSocket(`${POD}/attach?${COMMAND}`, []);
    assert.equal(silent.protocol, "");
    socket.close();
    silent.close();
  });

  it("closes a socket that breaks the protocol or sends too much, and no other", async () => {
    const bystander = await openSocket(`${POD}/attach?${COMMAND}`, ["v5.channel.k8s.io"]);
    const wrong = await openSocket(`${POD}/attach?${COMMAND}`, ["v5.channel.k8s.io"]);
    wrong.send(Buffer.of(255, 0, 0));
    assert.equal((await once(wrong, "close"))[0], 1002);
    const large = await openSocket(`${POD}/attach?${COMMAND}`, ["v5.channel.k8s.io"]);
    large.send(Buffer.alloc(SOCKET_MESSAGE_MAX_BYTES + 1));
    assert.equal((await once(large, "close"))[0], 1009);
    const messages = messagesOf(bystander);
    bystander.send(Buffer.from("\0still here"));
    bystander.send(Buffer.of(255, 0));
    assert.equal(String((await messages).at(-2)), "\u0001still here");
  });

  it("port-forward over channels: the port first, data both ways, errors on their own", async () => {
    const closed = await freePort();
    const socket = await openSocket(`${POD}/portforward?ports=${port}&ports=${closed}`, [
      "v4.channel.k8s.io",
    ]);
    const messages: Buffer[] = [];
    const data = randomBytes(300_000);
    const seen = new Promise<void>(resolve => {
      socket.on("message", message => {
        messages.push(message as Buffer);
        const bytes = messages.filter(each => each[0] === 0).reduce((sum, each) => sum + each.length - 1, 0);
        if (bytes === 2 + data.length && messages.some(each => each[0] === 3 && each.length > 3)) resolve();
      });
    });
    socket.send(Buffer.concat([Buffer.of(0), data]));
    await seen;
    const on = (channel: number) =>
      Buffer.concat(messages.filter(each => each[0] === channel).map(each => each.subarray(1)));
    assert.equal(on(0).readUInt16LE(0), port);
    assert.ok(on(0).subarray(2).equals(data));
    assert.equal(on(1).readUInt16LE(0), port);
    assert.equal(on(3).readUInt16LE(0), closed);
    assert.match(
      on(3).subarray(2).toString(),
      /^error forwarding port \d+ to pod web, uid [0-9a-f-]+: .*ECONNREFUSED/,
    );
    socket.close();
  });

  /** A pair of streams, as kubectl opens one for each connection. */
  function openPair(peer: Peer, id: number, to: number): void {
    const headers = { port: String(to), requestid: String(id) };
    peer.open(id, { streamtype: "error", ...headers });
    peer.open(id + 2, { streamtype: "data", ...headers });
  }

  async function echoOver(peer: Peer, connections: number): Promise<void> {
    const sent = new Map<number, Buffer>();
    for (let index = 0; index < connections; index++) {
      const id = 1 + index * 4;
      openPair(peer, id, port);
      const data = randomBytes(10_000 + index);
      sent.set(id + 2, data);
      peer.data(id + 2, data, true);
    }
    const received = new Map<number, Buffer[]>();
    const ended = new Set<number>();
    while (ended.size < connections * 2) {
      const frame = await peer.next();
      assert.ok(frame !== undefined, "the connection ended");
      if (frame.kind !== "data") continue;
      received.set(frame.stream, [...(received.get(frame.stream) ?? []), frame.bytes]);
      if (frame.fin) ended.add(frame.stream);
    }
    for (const [id, data] of sent) assert.ok(Buffer.concat(received.get(id)!).equals(data), `stream ${id}`);
  }

  async function upgradeToSpdy(
    path: string,
    headers: Record<string, string>,
    method = "POST",
  ): Promise<{ answer: string; socket: Duplex }> {
    const { hostname, port: apiPort } = new URL(server.url);
    const socket = connectTls({
      host: hostname,
      port: Number(apiPort),
      ALPNProtocols: ["http/1.1"],
      ...adminTls(),
    });
    const lines = Object.entries({
      host: "server",
      connection: "Upgrade",
      upgrade: "SPDY/3.1",
      "content-length": "0",
      ...headers,
    });
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(line => line.join(": ")).join("\r\n")}\r\n\r\n`);
    let answer = "";
    while (!answer.includes("\r\n\r\n")) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      answer += bytes;
    }
    return { answer, socket };
  }

  it("port-forward over SPDY: many connections at once on one, each to its end", async () => {
    const { answer, socket } = await upgradeToSpdy(`${POD}/portforward`, {
      "x-stream-protocol-version": "portforward.k8s.io",
    });
    assert.match(answer, /^HTTP\/1.1 101 [\s\S]*X-Stream-Protocol-Version: portforward.k8s.io/);
    await echoOver(new Peer(socket), 50);
    socket.destroy();
  });

  it("port-forward over SPDY in a WebSocket (KEP-4006)", async () => {
    const { answer, socket } = await upgradeToSpdy(
      `${POD}/portforward`,
      {
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        "sec-websocket-protocol": "SPDY/3.1+portforward.k8s.io",
      },
      "GET",
    );
    assert.match(answer, /^HTTP\/1.1 101 [\s\S]*Sec-WebSocket-Protocol: SPDY\/3.1\+portforward.k8s.io/);
    await echoOver(new Peer(overWebSocket(socket)), 20);
    socket.destroy();
  });

  it("port-forward over SPDY: a port where nothing listens, a stream that is nonsense", async () => {
    const { socket } = await upgradeToSpdy(`${POD}/portforward`, {
      "x-stream-protocol-version": "portforward.k8s.io",
    });
    const peer = new Peer(socket);
    openPair(peer, 1, await freePort());
    let said = "";
    for (let frame = await peer.next(); said === ""; frame = await peer.next()) {
      if (frame?.kind === "data" && frame.stream === 1) said = frame.bytes.toString();
    }
    assert.match(said, /^error forwarding port/);
    peer.open(5, { streamtype: "nonsense", port: "80" });
    const reset = await peer.next(Type.rstStream);
    assert.equal(reset?.kind, "control");
    socket.destroy();
  });

  it("exec over SPDY: streams by type, exit status on the error stream", async () => {
    const { answer, socket } = await upgradeToSpdy(
      `${POD}/exec?command=cat&stdin=1&stdout=1&stderr=1&tty=1`,
      {
        "x-stream-protocol-version": "v9.channel.k8s.io, v4.channel.k8s.io, v3.channel.k8s.io",
      },
    );
    assert.match(answer, /X-Stream-Protocol-Version: v4.channel.k8s.io/);
    const peer = new Peer(socket);
    for (const [index, streamtype] of ["error", "stdin", "stdout", "resize"].entries())
      peer.open(1 + 2 * index, { streamtype });
    peer.data(7, '{"Width":80,"Height":24}\n{"Width":81,"Hei');
    peer.data(7, 'ght":24}\n');
    const data = randomBytes(1_000_000);
    peer.data(3, data);
    const streams = new Map<number, Buffer[]>();
    const take = (stream: number, bytes: Buffer) =>
      streams.set(stream, [...(streams.get(stream) ?? []), bytes]);
    const all = (stream: number) => Buffer.concat(streams.get(stream) ?? []);
    while (all(5).length < data.length) {
      const frame = await peer.next();
      if (frame?.kind === "data") take(frame.stream, frame.bytes);
    }
    peer.data(3, "", true);
    for (let frame = await peer.next(); frame !== undefined; frame = await peer.next()) {
      if (frame.kind === "data") take(frame.stream, frame.bytes);
    }
    assert.ok(all(5).equals(data));
    const status = JSON.parse(all(1).toString());
    assert.deepEqual(
      [status.reason, status.details.causes],
      ["NonZeroExitCode", [{ reason: "ExitCode", message: "2" }]],
    );
  });

  it("says why it cannot upgrade, as a Status", async () => {
    const refusals: [headers: Record<string, string>, code: number, message: RegExp][] = [
      [
        { "x-stream-protocol-version": "v9" },
        403,
        /client supports \[v9\], server accepts \[v4.channel.k8s.io/,
      ],
      [{ upgrade: "chat" }, 400, /unable to upgrade: .* not to \\"chat\\"/],
    ];
    for (const [headers, code, message] of refusals) {
      const { answer, socket } = await upgradeToSpdy(`${POD}/exec?command=x&stdout=1`, headers);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${code} `));
      assert.match(answer, message);
      socket.destroy();
    }
  });

  it("proxies requests and answers as they flow, redirects, and upgrades", async () => {
    const http = createHttpServer(answerProxied);
    const sockets = new WebSocketServer({ server: http });
    sockets.on("connection", socket => socket.on("message", data => socket.send(`echo ${data}`)));
    await new Promise<void>(resolve => http.listen(0, "127.0.0.1", resolve));
    const to = (http.address() as AddressInfo).port;
    try {
      await server.registry.mutate(
        (await import("@podwire/api")).kinds.pods,
        { namespace: "default", name: "web" },
        pod => {
          pod.status = { ...pod.status, podIPs: [{ ip: "10.0.0.1" }] };
        },
        { subresource: "status" },
      );
      const proxy = `/api/v1/namespaces/default/pods/http:web:${to}/proxy`;
      const body = randomBytes(500_000);
      const answer = await server.call("POST", `${proxy}/a%2Fb/c?x=%20y`, body.toString("hex"), {
        "x-mine": "1",
      });
      assert.equal(answer.code, 200);
      const { url, headers, length } = answer.body;
      assert.deepEqual(
        [url, length, headers["x-mine"], headers["x-forwarded-uri"]],
        ["/a%2Fb/c?x=%20y", 1_000_000, "1", `${proxy}/a%2Fb/c`],
      );
      assert.equal(
        (await server.call("GET", `${proxy}/moved`)).headers.get("location"),
        `${proxy}/elsewhere?a=b`,
      );
      assert.equal(
        (await server.call("GET", `${proxy}/away`)).headers.get("location"),
        "http://example.invalid/x",
      );
      assert.equal((await server.call("GET", proxy)).headers.get("location"), `${proxy}/`);
      const encoded = proxy.replace("proxy", "prox%79");
      assert.equal((await server.call("GET", encoded)).headers.get("location"), `${encoded}/`);
      const nowhere = await server.call(
        "GET",
        `/api/v1/namespaces/default/pods/web:${await freePort()}/proxy/`,
      );
      assert.deepEqual([nowhere.code, nowhere.body.reason], [503, "ServiceUnavailable"]);
      assert.match(nowhere.body.message, /^error trying to reach service: /);
      const socket = await openSocket(`${proxy}/socket`, []);
      socket.send("hello");
      assert.equal(String((await once(socket, "message"))[0]), "echo hello");
      socket.close();
      await once(socket, "close");
    } finally {
      sockets.close();
      http.closeAllConnections();
      http.close();
    }
  });

  function answerProxied(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === "/moved") return void response.writeHead(302, { location: "/elsewhere?a=b" }).end();
    if (request.url === "/away")
      return void response.writeHead(302, { location: "http://example.invalid/x" }).end();
    let length = 0;
    request.on("data", bytes => {
      length += bytes.length;
    });
    request.once("end", () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ url: request.url, headers: request.headers, length }));
    });
  }

  it(`survives WebSocket messages of any content (seed ${seed})`, async function () {
    this.timeout(60_000);
    const message = fc.uint8Array({ maxLength: 20 });
    const protocols = fc.constantFrom("v5.channel.k8s.io", "base64.channel.k8s.io", "channel.k8s.io");
    await fc.assert(
      fc.asyncProperty(protocols, fc.array(message, { maxLength: 10 }), async (protocol, list) => {
        const socket = await openSocket(`${POD}/attach?${COMMAND}`, [protocol]);
        for (const bytes of list) socket.send(bytes);
        socket.close();
        await once(socket, "close");
      }),
      { seed, numRuns: 150 },
    );
    assert.equal((await server.call("GET", POD)).code, 200);
  });
});

/** One where nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
