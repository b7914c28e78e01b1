/** Objects written in YAML, as upstream's server takes them beside JSON. */
import assert from "node:assert/strict";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const YAML = { "content-type": "application/yaml" };

describe("bodies in YAML", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.close());

  const create = (text: string, query = "") => server.call("POST", CONFIG_MAPS + query, text, YAML);

  it("are objects, to create and to replace", async () => {
    const { code, body } = await create("metadata:\n  name: c\ndata: {a: 'yes', b: \"1\"}\n");
    assert.equal(code, 201);
    assert.deepEqual(body.data, { a: "yes", b: "1" });
    const changed = await server.call("PUT", `${CONFIG_MAPS}/c`, "metadata: {name: c}\ndata: {a: b}\n", YAML);
    assert.equal(changed.code, 200);
    assert.deepEqual(changed.body.data, { a: "b" });
  });

  it("that say a key twice are refused by strict validation, and warned about else", async () => {
    const twice = "metadata: {name: c}\ndata:\n  a: x\n  a: z\n";
    const strict = await create(twice, "?fieldValidation=Strict");
    assert.equal(strict.code, 400);
    assert.match(strict.body.message, /strict decoding error: line 4: key already set in map$/);
    const warned = await create(twice);
    assert.equal(warned.code, 201);
    assert.match(warned.headers.get("warning")!, /^299 - "line 4: key already set in map"$/);
  });

  it("that are none are bad requests", async () => {
    assert.equal((await create("a: [\n")).code, 400);
    assert.equal((await create("- a\n")).code, 400);
    assert.equal((await create("[".repeat(100_000))).code, 400);
  });
});
