/** Watches over HTTP: from every starting point, across a restart of the process, past the end of history. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore } from "@podwire/store";
import {
  adminFetch,
  podManifest,
  startTestServer,
  type TestServer,
  take,
  watchLines,
} from "../testing/test-server.ts";

const PODS = "/api/v1/namespaces/default/pods";
interface Line {
  type: string;
  object: { metadata: { name: string; resourceVersion: string } };
}
const summary = ({ type, object }: Line) => `${type} ${object.metadata.name}`;

describe("watch", () => {
  let server: TestServer;
  let stop: AbortController;
  const watch = (query: string) => watchLines(`${server.url}${PODS}?watch=true&${query}`, stop.signal);
  const create = (name: string) => server.call("POST", PODS, podManifest(name));
  beforeEach(async () => {
    stop = new AbortController();
    server = await startTestServer();
  });
  afterEach(async () => {
    stop.abort();
    await server.close();
  });

  it("shows what there is, then what changes", async () => {
    await create("a");
    const lines = watch("");
    assert.deepEqual((await take(lines, 1)).map(summary), ["ADDED a"]);
    await create("b");
    await server.call("DELETE", `${PODS}/a`);
    const events = await take(lines, 2);
    assert.deepEqual(events.map(summary), ["ADDED b", "DELETED a"]);
    assert.equal(events[1].object.metadata.resourceVersion, String(server.registry.revision));
  });

  it("begins after a resourceVersion", async () => {
    const { revision } = server.registry;
    await create("a");
    await create("b");
    assert.deepEqual((await take(watch(`resourceVersion=${revision + 1}`), 1)).map(summary), ["ADDED b"]);
  });

  it("says where the initial events end, when asked to send them", async () => {
    await create("a");
    const lines = watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    const [added, bookmark] = await take(lines, 2);
    assert.equal(summary(added), "ADDED a");
    assert.equal(bookmark.type, "BOOKMARK");
    assert.deepEqual(bookmark.object, {
      kind: "Pod",
      apiVersion: "v1",
      metadata: {
        resourceVersion: String(server.registry.revision),
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    });
    await create("b");
    assert.deepEqual((await take(lines, 1)).map(summary), ["ADDED b"]);
  });

  it("narrows to a selection, or to one object", async () => {
    const all = watch("fieldSelector=spec.nodeName=n1");
    const one = watchLines(`${server.url}${PODS}/b?watch=true`, stop.signal);
    const firstOfAll = take(all, 1);
    const firstOfOne = take(one, 1);
    await create("a");
    await create("b");
    await server.registry.bind({ namespace: "default", name: "b" }, "n1");
    assert.deepEqual((await firstOfAll).map(summary), ["ADDED b"]);
    assert.deepEqual((await firstOfOne).map(summary), ["ADDED b"]);
  });

  it("shows Tables, with columns once", async () => {
    const response = await adminFetch(`${server.url}${PODS}?watch=true`, {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      signal: stop.signal,
    });
    await create("a");
    await create("b");
    let text = "";
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (text.split("\n").length > 2) break;
    }
    const [first, second] = text
      .split("\n")
      .slice(0, 2)
      .map(line => JSON.parse(line).object);
    assert.equal(first.columnDefinitions.length, 9);
    assert.equal(second.columnDefinitions, null);
    assert.equal(second.rows[0].cells[0], "b");
  });

  it("ends when its time is up", async () => {
    const lines = watch("timeoutSeconds=1");
    await create("a");
    assert.deepEqual((await take(lines, 5)).map(summary), ["ADDED a"]);
  });

  it("lasts when it asks for longer than a timer can wait", async () => {
    const lines = watch(`timeoutSeconds=${Number.MAX_SAFE_INTEGER}`);
    await create("a");
    assert.deepEqual((await take(lines, 1)).map(summary), ["ADDED a"]);
    await create("b");
    assert.deepEqual((await take(lines, 1)).map(summary), ["ADDED b"]);
  });

  it("answers 410 when the history it asks for is gone", async () => {
    const { revision } = server.registry;
    await create("a");
    await create("b");
    await server.store.compact(server.store.revision);
    const { code, body } = await server.call("GET", `${PODS}?watch=true&resourceVersion=${revision}`);
    assert.deepEqual([code, body.reason], [410, "Expired"]);
    assert.match(body.message, /^too old resource version: \d+ \(\d+\)$/);
  });

  it("cuts a client that does not read, by name, and nobody else", async () => {
    const response = await adminFetch(`${server.url}${PODS}?watch=true`, { signal: stop.signal });
    const reader = response.body!.getReader();
    const annotations = { filler: "x".repeat(200_000) };
    let revision = 0;
    // More than the sockets' buffers hold: the server waits for the client, which falls behind.
    for (let count = 0; count < 100; count++) {
      const manifest = { ...podManifest(`p${count}`), metadata: { name: `p${count}`, annotations } };
      revision = Number((await server.call("POST", PODS, manifest)).body.metadata.resourceVersion);
    }
    await server.store.compact(revision);
    assert.equal((await take(watch("resourceVersion=0"), 100)).length, 100);
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text = (text + Buffer.from(part.value).toString()).slice(-2_000);
    }
    const last = JSON.parse(text.trimEnd().split("\n").at(-1)!);
    assert.deepEqual([last.type, last.object.code, last.object.reason], ["ERROR", 410, "Expired"]);
  });
});

describe("watch across a restart of the server", () => {
  it("goes on after the last revision the client saw", async () => {
    const directory = await mkdtemp(join(tmpdir(), `podwire-watch-${process.pid}-`));
    try {
      let server = await startTestServer({ store: await openLmdbStore(directory) });
      await server.call("POST", PODS, podManifest("a"));
      const [seen] = await take(watchLines(`${server.url}${PODS}?watch=true`), 1);
      await server.call("POST", PODS, podManifest("b"));
      await server.close();
      server = await startTestServer({ store: await openLmdbStore(directory) });
      await server.call("DELETE", `${PODS}/a`);
      const { resourceVersion } = seen.object.metadata;
      const lines = watchLines(`${server.url}${PODS}?watch=true&resourceVersion=${resourceVersion}`);
      assert.deepEqual((await take(lines, 2)).map(summary), ["ADDED b", "DELETED a"]);
      await server.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
