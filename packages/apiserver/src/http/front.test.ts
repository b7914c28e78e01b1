/** The door: TLS, who is let in, HTTP/2 beside HTTP/1.1, and clients that are slow or speak something else. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from "node:http2";
import { get } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { kinds } from "@podwire/api";
import { CertificateAuthority } from "@podwire/pki";
import { type ClientTls, testAdmin, testNode, testServerCredentials } from "@podwire/pki/testing";
import { WebSocket } from "ws";
import { BODY_MAX_BYTES, FRONT_TIMES, HTTP2_MAX_STREAMS } from "../limits.ts";
import { podManifest, startTestServer, type TestServer } from "../testing/test-server.ts";

const PODS = "/api/v1/namespaces/default/pods";

const admin = await testAdmin();
const otherAdmin = await testAdmin(await CertificateAuthority.create("podwire-test", Date.now()));
const serving = await testServerCredentials();

interface Reply {
  readonly code: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is what the test is about
  readonly body: any;
}

describe("front", () => {
  let server: TestServer;
  const open: { destroy(): void }[] = [];
  const log: string[] = [];
  beforeEach(async () => {
    log.length = 0;
    server = await startTestServer({ log: message => log.push(message) });
  });
  afterEach(async () => {
    for (const each of open.splice(0)) each.destroy();
    await server.close();
  });

  const port = () => Number(new URL(server.url).port);
  const at = () => ({ host: "127.0.0.1", port: port() });

  async function ask(path: string, tls: Partial<ClientTls>, more: object = {}): Promise<Reply> {
    const request = get(server.url + path, { ca: admin.ca, ...tls, ...more });
    const [response] = await once(request, "response");
    return replyOf(response.statusCode, await text(response));
  }

  function replyOf(code: number | undefined, body: string): Reply {
    return { code, body: body.startsWith("{") ? JSON.parse(body) : body };
  }

  function session(): ClientHttp2Session {
    const client = connectHttp2(server.url, admin);
    client.on("error", () => {});
    open.push(client);
    return client;
  }

  async function over(client: ClientHttp2Session, headers: object, body?: string | Buffer): Promise<Reply> {
    const stream = client.request({ ":path": PODS, ...headers });
    stream.on("error", () => {});
    stream.end(body);
    const [answer] = await once(stream, "response");
    return replyOf(answer[":status"], await text(stream));
  }

  async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ ...at(), ...admin, ...options });
    open.push(socket);
    await once(socket, "secureConnect");
    return socket;
  }

  it("speaks TLS 1.2 and 1.3, nothing older", async () => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = await handshake({ minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
    }
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await assert.rejects(handshake(old), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  });

  it("offers HTTP/2 and HTTP/1.1 on one port", async () => {
    for (const protocol of ["h2", "http/1.1"]) {
      assert.equal((await handshake({ ALPNProtocols: [protocol] })).alpnProtocol, protocol);
    }
    assert.equal((await handshake({ ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol, "h2");
  });

  it("a client that goes in the middle of its body, over HTTP/2, is no fault of the server's", async () => {
    const client = session();
    for (let count = 0; count < 20; count++) {
      const stream = client.request({ ":method": "POST", ":path": PODS, "content-type": "application/json" });
      stream.on("error", () => {});
      stream.write("{");
      // The server has it by the time it answers a ping that came after.
      await new Promise(resolve => client.ping(resolve));
      stream.close(constants.NGHTTP2_CANCEL);
      await once(stream, "close");
    }
    await new Promise(resolve => client.ping(resolve));
    assert.deepEqual(log, []);
  });

  it("tells plain HTTP where it is, as upstream does", async () => {
    const socket = connectTcp(at());
    socket.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(
      await text(socket),
      /^HTTP\/1\.0 400 .*Client sent an HTTP request to an HTTPS server\.\n$/s,
    );
  });

  const strangers: [string, Partial<ClientTls>][] = [
    ["no certificate", {}],
    ["the certificate of another cluster", { ...otherAdmin, ca: admin.ca }],
    ["a server's certificate", { cert: serving.certificate, key: serving.key }],
  ];
  for (const [who, tls] of strangers) {
    it(`lets ${who} ask for health and version only`, async () => {
      for (const path of ["/healthz", "/livez?verbose", "/readyz", "/version"]) {
        assert.equal((await ask(path, tls)).code, 200, path);
      }
      for (const path of [
        PODS,
        "/api",
        "/apis/apps/v1",
        "/openapi/v3",
        "/nowhere",
        "/versions",
        `${PODS}?watch=1`,
      ]) {
        assert.deepEqual(await ask(path, tls), {
          code: 401,
          body: {
            kind: "Status",
            apiVersion: "v1",
            metadata: {},
            status: "Failure",
            message: "Unauthorized",
            reason: "Unauthorized",
            code: 401,
          },
        });
      }
      const client = new WebSocket(`${server.url}${PODS}/web/exec?command=x`, ["v5.channel.k8s.io"], {
        ca: admin.ca,
        ...tls,
      });
      client.on("error", () => {});
      const [, response] = await once(client, "unexpected-response");
      assert.equal(response.statusCode, 401);
    });
  }

  it("does not take a resumed session without a certificate for somebody", async () => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const options = { ...at(), ca: admin.ca, minVersion: version, maxVersion: version };
      const request = async (ticket?: Buffer) => {
        const socket = connect({ ...options, ...(ticket && { session: ticket }) });
        open.push(socket);
        const tickets = once(socket, "session") as Promise<[Buffer]>;
        tickets.catch(() => {});
        await once(socket, "secureConnect");
        socket.write(`GET ${PODS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const reused = socket.isSessionReused();
        return { reply: await text(socket), reused, tickets };
      };
      const first = await request();
      const again = await request((await first.tickets)[0]);
      assert.deepEqual([first.reused, again.reused], [false, true]);
      for (const { reply } of [first, again]) assert.match(reply, /^HTTP\/1\.1 401 /);
    }
  });

  it("lets other users discover, and forbids the rest in upstream's words", async () => {
    const node = await testNode("node-1");
    assert.equal((await ask("/api/v1", node)).code, 200);
    const table: [string, string][] = [
      [
        PODS,
        'pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" in the namespace "default"',
      ],
      [
        `${PODS}?watch=true`,
        'pods is forbidden: User "system:node:node-1" cannot watch resource "pods" in API group "" in the namespace "default"',
      ],
      [
        `${PODS}/web/log`,
        'pods "web" is forbidden: User "system:node:node-1" cannot get resource "pods/log" in API group "" in the namespace "default"',
      ],
      [
        "/api/v1/nodes",
        'nodes is forbidden: User "system:node:node-1" cannot list resource "nodes" in API group "" at the cluster scope',
      ],
      ["/metrics", 'forbidden: User "system:node:node-1" cannot get path "/metrics"'],
    ];
    for (const [path, message] of table) {
      const { code, body } = await ask(path, node);
      assert.deepEqual([code, body.reason, body.message], [403, "Forbidden", message]);
    }
  });

  it("serves more requests at once over one HTTP/2 connection than it may have open", async () => {
    const client = session();
    const replies = await Promise.all(
      Array.from({ length: 2 * HTTP2_MAX_STREAMS }, () => over(client, { ":path": "/api/v1/namespaces" })),
    );
    assert.deepEqual([...new Set(replies.map(({ code }) => code))], [200]);
    assert.equal(client.remoteSettings.maxConcurrentStreams, HTTP2_MAX_STREAMS);
  });

  it("writes and watches over HTTP/2; a client that does not read is cut by name, others of its connection go on", async () => {
    const client = session();
    const watch = (path: string): ClientHttp2Stream => {
      const stream = client.request({ ":path": path });
      stream.on("error", () => {});
      return stream;
    };
    const slow = watch(`${PODS}?watch=true`);
    await once(slow, "response");
    slow.pause();
    const lively = watch(`${PODS}?watch=true&fieldSelector=metadata.name%3Dlast`);
    await once(lively, "response");
    const annotations = { filler: "x".repeat(200_000) };
    for (const name of [...Array.from({ length: 40 }, (_, index) => `p${index}`), "last"]) {
      const manifest = JSON.stringify({ ...podManifest(name), metadata: { name, annotations } });
      const created = await over(client, { ":method": "POST", "content-type": "application/json" }, manifest);
      assert.equal(created.code, 201);
    }
    lively.setEncoding("utf8");
    let seen = "";
    for await (const chunk of lively) {
      seen += chunk;
      if (seen.endsWith("\n")) break;
    }
    assert.match(seen, /^\{"type":"ADDED","object":\{.*"name":"last"/);
    await server.store.compact(server.store.revision);
    const rest = (await text(slow)).trimEnd().split("\n");
    const { type, object } = JSON.parse(rest.at(-1)!);
    assert.deepEqual([type, object.reason], ["ERROR", "Expired"]);
    assert(rest.length < 42);
  });

  it("closes the watch of an HTTP/2 stream that its client resets", async () => {
    const client = session();
    const stream = client.request({ ":path": `${PODS}?watch=true` });
    await once(stream, "response");
    let isClosed = false;
    const { registry } = server;
    const { watch } = registry;
    registry.watch = (kind, asked) => {
      const made = watch.call(registry, kind, asked);
      const { close } = made;
      made.close = () => {
        isClosed = true;
        close.call(made);
      };
      return made as never;
    };
    const second = client.request({ ":path": `${PODS}?watch=true` });
    await once(second, "response");
    second.close(constants.NGHTTP2_CANCEL);
    // A request on the same connection is answered after the reset was read.
    assert.equal((await over(client, {})).code, 200);
    assert(isClosed);
  });

  it("bounds bodies and headers over HTTP/2, and the connection lives on", async () => {
    const client = session();
    const post = { ":method": "POST", "content-type": "application/json" };
    const large = Buffer.alloc(BODY_MAX_BYTES + 1, "x");
    const { code, body } = await over(client, post, large);
    assert.deepEqual([code, body.reason], [413, "RequestEntityTooLarge"]);
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`x-${index}`, "y".repeat(4_000)]),
    );
    await assert.rejects(over(client, many));
    const after = client.destroyed ? session() : client;
    assert.equal((await over(after, {})).code, 200);
  });

  describe("against slow clients", () => {
    beforeEach(async () => {
      await server.close();
      const short = {
        handshakeMs: 100,
        headersMs: 100,
        requestMs: 200,
        sendStallMs: 200,
        idleMs: 100,
        checkMs: 20,
      };
      server = await startTestServer({ times: { ...FRONT_TIMES, ...short } });
    });

    it("closes connections that say nothing, half of a handshake, or half of a request", async () => {
      const closing = (socket: Socket) => {
        open.push(socket);
        return once(socket.on("error", () => {}).resume(), "close");
      };
      const silent = closing(connectTcp(at()));
      const hello = connectTcp(at());
      hello.write(Buffer.of(22, 3, 1, 1, 0));
      const closed = [silent, closing(hello), closing(await handshake({ ALPNProtocols: ["h2"] }))];
      const sending = async (bytes: string) => {
        const socket = await handshake({ ALPNProtocols: ["http/1.1"] });
        socket.write(bytes);
        return text(socket);
      };
      const answers = await Promise.all([
        sending("GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        sending(`POST ${PODS} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`),
      ]);
      for (const answer of answers)
        assert.match(answer, /^HTTP\/1\.1 408 Request Timeout.*"reason":"Timeout"/s);
      await Promise.all(closed);
      assert.equal((await ask("/version", {})).code, 200);
    });

    it("resets an HTTP/2 request whose body does not come, and closes an idle connection", async () => {
      const client = session();
      const stream = client.request({ ":path": PODS, ":method": "POST", "content-type": "application/json" });
      stream.on("error", () => {});
      stream.write("{");
      await once(stream, "close");
      assert.notEqual(stream.rstCode, constants.NGHTTP2_NO_ERROR);
      await once(client, "close");
    });

    it("cuts a client that takes nothing of its answer, and leaves a silent watch alone", async () => {
      for (let index = 0; index < 40; index++) {
        const annotations = { filler: "x".repeat(200_000) };
        const metadata = { namespace: "default", name: `p${index}`, annotations };
        const manifest = { ...podManifest(`p${index}`), metadata };
        await server.registry.create(kinds.pods, manifest as never);
      }
      const watch = session().request({ ":path": "/api/v1/nodes?watch=true" });
      await once(watch, "response");
      const lists = [session().request({ ":path": PODS })];
      const plain = await handshake({ ALPNProtocols: ["http/1.1"] });
      plain.on("error", () => {});
      plain.pause();
      plain.write(`GET ${PODS} HTTP/1.1\r\nHost: x\r\n\r\n`);
      for (const list of lists) {
        list.on("error", () => {});
        list.pause();
        await once(list, "close");
      }
      // What was sent before the cut is less than the whole.
      let bytes = 0;
      plain.on("data", chunk => {
        bytes += chunk.length;
      });
      // While it reads nothing, it cannot hear that it was cut.
      await new Promise(resolve => setTimeout(resolve, 2 * 200));
      plain.resume();
      await once(plain, "close");
      assert(bytes < 40 * 200_000);
      assert(!watch.destroyed);
    });
  });
});
