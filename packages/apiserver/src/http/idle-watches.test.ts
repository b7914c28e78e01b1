/** Thousands of watches of clients that only wait: little memory each, nobody else is disturbed, nothing stays of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { kinds } from "@podwire/api";
import { heapBytes } from "../testing/heap.ts";
import { adminTls, startTestServer, type TestServer } from "../testing/test-server.ts";

const SESSIONS = 25;
const WATCHES_PER_SESSION = 200;
const WATCHES = SESSIONS * WATCHES_PER_SESSION;
/** Both ends of it, client and server, are in this process. */
const HEAP_MAX_PER_WATCH_BYTES = 24 * 1024;
const PATH = "/api/v1/namespaces/default/configmaps?watch=true&allowWatchBookmarks=true";

describe("idle watches", function () {
  this.timeout(120_000);
  let server: TestServer;
  const sessions: ClientHttp2Session[] = [];
  const streams: ClientHttp2Stream[] = [];
  let emptyBytes = 0;

  before(async () => {
    server = await startTestServer();
    await server.call("GET", PATH.split("?")[0]!);
    emptyBytes = heapBytes();
    for (let at = 0; at < SESSIONS; at++) {
      const session = connect(server.url, adminTls());
      sessions.push(session);
      const opened = Array.from({ length: WATCHES_PER_SESSION }, () => session.request({ ":path": PATH }));
      streams.push(...opened);
      await Promise.all(opened.map(stream => once(stream, "response")));
    }
  });
  after(async () => {
    for (const session of sessions) session.destroy();
    await server.close();
  });

  it(`${WATCHES} of them take little memory`, () => {
    const each = (heapBytes() - emptyBytes) / WATCHES;
    console.log(`      ${Math.round(each)} bytes of heap each`);
    assert.ok(each < HEAP_MAX_PER_WATCH_BYTES, `${each} bytes each`);
  });

  it("all of them hear of a write, and other requests are answered meanwhile", async () => {
    const seen = streams.map(async stream => {
      let text = "";
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        text += chunk.toString();
        if (text.includes("\n")) break;
      }
      return text;
    });
    await server.registry.create(kinds.configMaps, { metadata: { namespace: "default", name: "news" } });
    const other = server.call("GET", "/api/v1/namespaces/default");
    assert.equal((await other).code, 200);
    for (const text of await Promise.all(seen)) assert.match(text, /^\{"type":"ADDED".*"name":"news"/);
  });

  it("nothing stays of those that are gone", async () => {
    for (const session of sessions) session.destroy();
    await Promise.all(sessions.map(session => session.closed || once(session, "close")));
    sessions.length = 0;
    streams.length = 0;
    // The server has closed its side when it answers a connection that came after.
    assert.equal((await server.call("GET", "/readyz")).code, 200);
    const grown = heapBytes() - emptyBytes;
    assert.ok(grown < (WATCHES * HEAP_MAX_PER_WATCH_BYTES) / 8, `${grown} bytes are left`);
  });
});
