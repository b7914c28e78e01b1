/** Long lists are compressed for those who take it, and say the same. */
import assert from "node:assert/strict";
import { request } from "node:https";
import { gunzipSync } from "node:zlib";
import { kinds } from "@podwire/api";
import { adminFetch, adminTls, startTestServer, type TestServer } from "../testing/test-server.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const GZIP = { "accept-encoding": "gzip" };

describe("compression of lists", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    for (let at = 0; at < 40; at++) {
      const metadata = { name: `c-${at}`, namespace: "default" };
      const data = { text: `${at} `.repeat(2_000) };
      await server.registry.create(kinds.configMaps, { metadata, data });
    }
  });
  after(() => server.close());

  it("begins at 128 KiB", async () => {
    const plain = await adminFetch(server.url + CONFIG_MAPS);
    assert.equal(plain.headers.get("content-encoding"), null);
    const expected = Buffer.from(await plain.arrayBuffer());
    assert(expected.length > 128 * 1024);
    const packed = await adminFetch(server.url + CONFIG_MAPS, { headers: GZIP });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("vary"), "Accept-Encoding");
    const bytes = Buffer.from(await packed.arrayBuffer());
    assert(bytes.length < expected.length / 5);
    assert.deepEqual(gunzipSync(bytes), expected);
    const short = await adminFetch(`${server.url + CONFIG_MAPS}?limit=2`, { headers: GZIP });
    assert.equal(short.headers.get("content-encoding"), null);
    assert.equal(JSON.parse(await short.text()).items.length, 2);
  });

  it("ends with a client that goes", async () => {
    await new Promise<void>((resolve, reject) => {
      const going = request(
        server.url + CONFIG_MAPS,
        { ...adminTls(), agent: false, headers: GZIP },
        response => {
          response.once("data", () => going.destroy());
          response.once("close", resolve);
          response.on("error", () => {});
        },
      );
      going.on("error", error => (going.destroyed ? resolve() : reject(error)));
      going.end();
    });
    const { code } = await server.call("GET", `${CONFIG_MAPS}/c-1`);
    assert.equal(code, 200);
  });
});
