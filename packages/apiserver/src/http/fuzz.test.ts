/**
 * A hundred thousand requests that are almost right, over real connections: each gets a proper answer, none of them is
 * the server's own fault, memory stays bounded, and after all of it the server is as good as new.
 */
import assert from "node:assert/strict";
import { Agent, request } from "node:https";
import { allKinds, type KubernetesObject, kindOf, validateNew } from "@podwire/api";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { heapBytes } from "../testing/heap.ts";
import { type FuzzRequest, goodRequest, mutated } from "../testing/mutate-requests.ts";
import { adminTls, startTestServer, type TestServer } from "../testing/test-server.ts";

const REQUESTS = 100_000;
const UNDER_WAY = 64;
const HEAP_MAX_GROWTH_BYTES = 64 * 1024 * 1024;
/** What a client can bring about; 504 is a resourceVersion from the future. */
const EXPECTED = new Set([200, 201, 202, 304, 400, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 504]);

const seed = testSeed();

describe("requests that are almost right", function () {
  this.timeout(600_000);
  let server: TestServer;
  let agent: Agent;
  const log: string[] = [];

  before(async () => {
    server = await startTestServer({ log: message => log.push(message) });
    agent = new Agent({ ...adminTls(), keepAlive: true, maxSockets: UNDER_WAY });
  });
  after(async () => {
    agent.destroy();
    await server.close();
  });

  it("are answered, each with a proper Status where they fail", async () => {
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    const answers = new Map<number, number>();
    let left = REQUESTS;
    const client = async () => {
      while (left-- > 0) {
        const almostRight = mutated(goodRequest(random), random);
        const { code, text, type } = await ask(server.url, agent, almostRight);
        answers.set(code, (answers.get(code) ?? 0) + 1);
        check(almostRight, code, text, type);
      }
    };
    // The first thousand warm up what is made once; what grows after that is a leak.
    left = 1_000;
    await Promise.all(Array.from({ length: UNDER_WAY }, client));
    const before = heapBytes();
    left = REQUESTS;
    await Promise.all(Array.from({ length: UNDER_WAY }, client));
    const grown = heapBytes() - before;
    console.log(
      `      ${[...answers]
        .sort()
        .map(([code, count]) => `${code}: ${count}`)
        .join(", ")}`,
    );
    assert.deepEqual(log, []);
    assert.ok(grown < HEAP_MAX_GROWTH_BYTES, `the heap has grown by ${grown} bytes`);
    for (const code of [200, 201, 400, 404, 405, 409, 415, 422]) {
      assert.ok(
        (answers.get(code) ?? 0) > 50,
        `${code} hardly came up: the requests are not what they should be`,
      );
    }
  });

  it("leave nothing invalid behind, and a server that serves", async () => {
    for (const kind of allKinds) {
      const { items } = await server.registry.list(kind);
      for (const { object } of items) {
        const known = kindOf(object);
        assert.ok(known, `${object.apiVersion} ${object.kind}`);
        assert.deepEqual(validateNew(known, structuredClone(object) as KubernetesObject), []);
      }
    }
    const metadata = { name: "after", namespace: "default" };
    const made = await server.call("POST", "/api/v1/namespaces/default/configmaps", { metadata });
    assert.equal(made.code, 201);
    assert.equal((await server.call("GET", "/readyz")).body, "ok");
  });
});

interface FuzzAnswer {
  readonly code: number;
  readonly text: string;
  readonly type: string;
}

function ask(url: string, agent: Agent, { method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": body.length };
    const options = { method, agent, headers: { ...headers, ...length }, path: sendable(path) };
    const { hostname, port } = new URL(url);
    const outgoing = request({ hostname, port, ...options }, incoming => {
      const code = incoming.statusCode!;
      const type = incoming.headers["content-type"] ?? "";
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        text += chunk;
        // A watch goes on: what is known by now is enough.
        if (path.includes("watch=") && code === 200) outgoing.destroy();
      });
      incoming.on("close", () => resolve({ code, text, type }));
      incoming.on("error", () => {});
    });
    outgoing.on("error", error => reject(new Error(`${method} ${path}: ${error.message}`)));
    outgoing.end(body);
  });
}

/** Node's client sends no other characters in a path. */
function sendable(path: string): string {
  return path.replace(/[^\x21-\x7e]/g, each => encodeURIComponent(each));
}

function check({ method, path, body }: FuzzRequest, code: number, text: string, type: string): void {
  const what = () =>
    `${method} ${path.slice(0, 200)} ${body?.toString("utf8").slice(0, 500)}: ${code} ${text.slice(0, 300)}`;
  if (!EXPECTED.has(code)) assert.fail(what());
  if (code < 400 || method === "HEAD" || !type.startsWith("application/json")) return;
  const status = JSON.parse(text);
  const isStatus = status.kind === "Status" && status.apiVersion === "v1" && status.status === "Failure";
  if (!isStatus || status.code !== code || !status.message || !status.reason) assert.fail(what());
}
