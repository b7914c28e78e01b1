/**
 * A hundred thousand requests that are almost right, over real connections: each gets a proper answer, none of them is
 * the server's own fault, memory stays bounded, and after all of it the server is as good as new.
 */
import assert from "node:assert/strict";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { allKinds, type KubernetesObject, kindOf, validateNew } from "@podwire/api";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { heapBytes } from "../testing/heap.ts";
import { type FuzzRequest, goodRequest, mutated } from "../testing/mutate-requests.ts";
import { adminTls, startTestServer, type TestServer } from "../testing/test-server.ts";

const REQUESTS = 100_000;
const UNDER_WAY = 64;
/** The server ends a connection on which too many streams are reset, as ended watches are. */
const REQUESTS_PER_CONNECTION = 1_000;
const HEAP_MAX_GROWTH_BYTES = 64 * 1024 * 1024;
/** What a client can bring about; 504 is a resourceVersion from the future. */
const EXPECTED = new Set([200, 201, 202, 304, 400, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 504]);

const seed = testSeed();

describe("requests that are almost right", function () {
  this.timeout(600_000);
  let server: TestServer;
  let session: ClientHttp2Session;
  const log: string[] = [];

  before(async () => {
    server = await startTestServer({ log: message => log.push(message) });
    session = connect(server.url, adminTls());
  });
  after(async () => {
    session.destroy();
    await server.close();
  });

  it("are answered, each with a proper Status where they fail", async () => {
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    const answers = new Map<number, number>();
    let left = REQUESTS;
    const client = async () => {
      while (left-- > 0) {
        const request = mutated(goodRequest(random), random);
        if (left % REQUESTS_PER_CONNECTION === 0) {
          session.close();
          session = connect(server.url, adminTls());
        }
        const answer = (await ask(session, request)) ?? (await ask(session, request));
        assert.ok(answer, "refused twice");
        const { code, text, type } = answer;
        answers.set(code, (answers.get(code) ?? 0) + 1);
        check(request, code, text, type);
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

/** Undefined: refused, ask again. */
function ask(
  session: ClientHttp2Session,
  { method, path, headers, body }: FuzzRequest,
): Promise<FuzzAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    let [code, type, text] = [0, "", ""];
    stream.on("response", answer => {
      code = answer[":status"] ?? 0;
      type = String(answer["content-type"] ?? "");
    });
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      text += chunk;
      // A watch goes on: what is known by now is enough.
      if (path.includes("watch=") && code === 200) stream.close();
    });
    stream.on("error", error => {
      // On a connection that is being closed; the server has not looked at it (RFC 9113 §8.7).
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve(undefined);
      else reject(new Error(`${method} ${path}: ${error.message}`));
    });
    stream.on("close", () => resolve({ code, text, type }));
    if (body !== undefined) stream.end(body);
  });
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
