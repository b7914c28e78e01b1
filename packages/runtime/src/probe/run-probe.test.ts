/** Attempts over real sockets: what counts as success, and the kubelet's words for what does not. */
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import type { Probe } from "@podwire/api";
import { testContainer } from "../testing/pods.ts";
import { type ProbeOutcome, runProbe } from "./run-probe.ts";

describe("an attempt of a probe", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  async function listening<S extends Server>(server: S): Promise<number> {
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
  const serve = (listener: RequestListener): Promise<number> => listening(createServer(listener));
  const attempt = (probe: Partial<Probe>, port?: number): Promise<ProbeOutcome> =>
    runProbe(
      { timeoutSeconds: 1, ...probe },
      {
        container: testContainer("main", "", { ports: port ? [{ name: "web", containerPort: port }] : [] }),
        podIP: "127.0.0.1",
        exec: async () => ({ code: 0, output: "", timedOut: true }),
      },
    );

  it("httpGet: named port, path, headers; 2xx and redirects on the same host succeed", async () => {
    const heard: string[] = [];
    const port = await serve((request, response) => {
      const { host, accept, "user-agent": agent, "x-a": more } = request.headers;
      heard.push([request.method, request.url, host, accept, agent, more].join(" "));
      if (request.url === "/moved") response.writeHead(302, { location: "/ok?x=1" }).end();
      else if (request.url === "/away")
        response.writeHead(302, { location: "http://example.org/" }).end("bye");
      else if (request.url === "/loop") response.writeHead(302, { location: "/loop" }).end();
      else response.writeHead(request.url === "/bad" ? 503 : 200).end("x".repeat(20_000));
    });
    const get = (path: string, more = {}) => attempt({ httpGet: { path, port: "web", ...more } }, port);
    const httpHeaders = [
      { name: "X-A", value: "1" },
      { name: "X-A", value: "2" },
      { name: "Host", value: "web.example" },
    ];
    assert.equal((await get("/ok", { httpHeaders })).result, "success");
    assert.equal(heard[0], "GET /ok web.example */* kube-probe/1.34 1, 2");
    assert.equal((await get("/moved")).result, "success");
    assert.equal(heard.at(-1), `GET /ok?x=1 127.0.0.1:${port} */* kube-probe/1.34 `);
    assert.deepEqual(await get("/away"), {
      result: "warning",
      output: "Probe terminated redirects, Response body: bye",
    });
    assert.deepEqual(await get("/bad"), {
      result: "failure",
      output: "HTTP probe failed with statuscode: 503",
    });
    assert.match((await get("/loop")).output, /stopped after 10 redirects$/);
    await assert.rejects(
      attempt({ httpGet: { port: "admin" } }, port),
      /couldn't find port: admin in container main/,
    );
  });

  it("httpGet: nobody listens, nobody answers, a connection that is cut", async () => {
    const silent = await listening(createTcpServer());
    const cut = await listening(createTcpServer(socket => socket.destroy()));
    const closed = await listening(createTcpServer());
    await new Promise(resolve => servers.pop()!.close(resolve));
    const get = (port: number) => attempt({ httpGet: { port, path: "/x" } });
    assert.deepEqual(await get(closed), {
      result: "failure",
      output: `Get "http://127.0.0.1:${closed}/x": dial tcp 127.0.0.1:${closed}: connect: connection refused`,
    });
    assert.match((await get(silent)).output, /context deadline exceeded \(Client\.Timeout exceeded/);
    assert.match((await get(cut)).output, /: (EOF|read: connection reset by peer)$/);
  });

  it("tcpSocket: a connection is enough", async () => {
    const open = await listening(createTcpServer());
    assert.deepEqual(await attempt({ tcpSocket: { port: open } }), { result: "success", output: "" });
    await new Promise(resolve => servers.pop()!.close(resolve));
    assert.deepEqual(await attempt({ tcpSocket: { port: open } }), {
      result: "failure",
      output: `dial tcp 127.0.0.1:${open}: connect: connection refused`,
    });
  });

  it("exec: a command that takes too long fails", async () => {
    assert.deepEqual(await attempt({ exec: { command: ["sleep", "9"] } }), {
      result: "failure",
      output: 'command timed out: "sleep 9" timed out after 1s',
    });
  });

  it("grpc: what the health service answers", async () => {
    const server = new GrpcServer();
    const definition = {
      path: "/grpc.health.v1.Health/Check",
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    };
    server.addService(
      { Check: definition },
      {
        Check: ({ request }: { request: Buffer }, answer: (error: object | null, value?: Buffer) => void) => {
          const service = request.subarray(2).toString();
          if (service === "none") answer({ code: status.UNIMPLEMENTED, details: "unknown service" });
          else answer(null, Buffer.from(service === "sick" ? [8, 2] : [8, 1]));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const check = (service: string) => attempt({ grpc: { port, service } });
    try {
      assert.equal((await check("")).result, "success");
      assert.equal((await check("sick")).output, 'service unhealthy (responded with "NOT_SERVING")');
      assert.match(
        (await check("none")).output,
        /^error: this server does not implement the grpc health protocol/,
      );
    } finally {
      server.forceShutdown();
    }
    assert.match(
      (await check("")).output,
      new RegExp(`^timeout: failed to connect service "127.0.0.1:${port}" within 1s`),
    );
  });
});
