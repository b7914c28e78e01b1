/** A server on a free port of loopback, and a client, the administrator, that says what it got. */
import { Agent, request } from "node:https";
import { Readable } from "node:stream";
import { type ClientTls, testAdmin, testServerCredentials } from "@podwire/pki/testing";
import { openMemoryStore, type Store } from "@podwire/store";
import { type ApiServer, type ApiServerOptions, createApiServer } from "../http/server.ts";
import type { NodeStreams } from "../node-streams.ts";
import { openRegistry, type RegistryOptions } from "../registry/open.ts";
import type { Registry } from "../registry/registry.ts";

export interface Answer {
  readonly code: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is what the test is about
  readonly body: any;
}

export interface TestServer {
  readonly store: Store;
  readonly registry: Registry;
  readonly server: ApiServer;
  readonly url: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

const NO_STREAMS: NodeStreams = {
  open: async () => {
    throw new Error("no node streams in this test");
  },
};

export async function startTestServer(
  options: { store?: Store } & RegistryOptions & Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const store = options.store ?? openMemoryStore();
  const registry = await openRegistry(store, undefined, options);
  const server = createApiServer({
    registry,
    nodeStreams: NO_STREAMS,
    credentials: await testServerCredentials(),
    ...options,
  });
  const url = `https://127.0.0.1:${await server.listen(0, "127.0.0.1")}`;
  return {
    store,
    registry,
    server,
    url,
    call: (method, path, body, headers) => call(url + path, method, body, headers),
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}

async function call(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isReady = typeof body === "string" || body instanceof Uint8Array;
  const text = isReady ? body : body === undefined ? null : JSON.stringify(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await adminFetch(url, { method, body: text, headers: { ...type, ...headers } });
  const answer = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { code: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
}

export interface FetchInit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly signal?: AbortSignal;
}

const admin = await testAdmin();
const agent = new Agent({ ...admin, keepAlive: true });

/** The administrator's certificate, and the authority that it trusts: for `fetch`'s kind of clients and WebSockets. */
export function adminTls(): ClientTls {
  return admin;
}

/** The global `fetch` as the administrator: that one takes no certificates. */
export function adminFetch(
  url: string,
  { method = "GET", headers, body, signal }: FetchInit = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { method, agent, ...(headers && { headers }), ...(signal && { signal }) };
    const outgoing = request(url, options, incoming => {
      const flat = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
        values!.map(value => [name, value] as [string, string]),
      );
      const init = { status: incoming.statusCode!, headers: flat };
      const isEmpty = incoming.statusCode === 304;
      if (isEmpty) incoming.resume();
      resolve(new Response(isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream), init));
    });
    outgoing.on("error", reject);
    const isStream =
      body !== undefined && body !== null && typeof body === "object" && Symbol.asyncIterator in body;
    if (isStream) {
      Readable.from(body).pipe(outgoing);
      return;
    }
    // Node says the length of some methods' bodies only.
    if (body) outgoing.setHeader("content-length", Buffer.byteLength(body));
    outgoing.end(body ?? undefined);
  });
}

/** The events of a watch as they come, each a parsed line; ends with the stream, or when `signal` says so. */
export async function* watchLines(
  url: string,
  signal?: AbortSignal,
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is what the test is about
): AsyncGenerator<any> {
  const response = await adminFetch(url, signal ? { signal } : {});
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  let rest = "";
  for await (const chunk of response.body!) {
    const lines = (rest + Buffer.from(chunk).toString()).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

/** The next so many events. */
// biome-ignore lint/suspicious/noExplicitAny: what comes back is what the test is about
export async function take(lines: AsyncGenerator<any>, count: number): Promise<any[]> {
  const events = [];
  while (events.length < count) {
    const next = await lines.next();
    if (next.done) break;
    events.push(next.value);
  }
  return events;
}

export function podManifest(name: string, spec: object = {}): object {
  const containers = [{ name: "app", image: "nginx:1" }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers, ...spec } };
}
