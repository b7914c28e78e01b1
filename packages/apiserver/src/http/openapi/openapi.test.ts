/** OpenAPI over the wire: where the documents are, how long they may be kept, and that protobuf says what JSON says. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { goModule, UPSTREAM_TEST_TIMEOUT_MS } from "@podwire/api/testing";
import protobuf from "protobufjs";
import { adminFetch, startTestServer, type TestServer } from "../../testing/test-server.ts";
import { encodeGnostic } from "./gnostic.ts";

interface Index {
  readonly paths: Record<string, { readonly serverRelativeURL: string }>;
}

// biome-ignore lint/suspicious/noExplicitAny: documents are compared, not typed
type Json = Record<string, any>;

describe("OpenAPI", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    adminFetch(server.url + path, { headers });

  it("has a document of each version of a group, at an address with its hash", async () => {
    const index = (await (await get("/openapi/v3")).json()) as Index;
    assert(Object.keys(index.paths).includes("apis/apps/v1"));
    for (const [name, { serverRelativeURL }] of Object.entries(index.paths)) {
      const response = await get(serverRelativeURL);
      const bytes = Buffer.from(await response.arrayBuffer());
      const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
      assert.equal(serverRelativeURL, `/openapi/v3/${name}?hash=${hash}`);
      assert.equal(response.headers.get("etag"), `"${hash}"`);
      assert.equal(response.headers.get("cache-control"), "public, immutable");
      const document = JSON.parse(bytes.toString()) as Json;
      assert.equal(document.openapi, "3.0.0");
      for (const path of Object.keys(document.paths)) assert(path.startsWith(`/${name}/`), path);
    }
  });

  it("sends a client that has an old hash to the new one, and spares it what it has", async () => {
    const old = await get("/openapi/v3/api/v1?hash=ABC");
    assert.equal(old.status, 301);
    const current = await get(old.headers.get("location")!);
    assert.equal(current.status, 200);
    const again = await get("/openapi/v3/api/v1", { "if-none-match": current.headers.get("etag")! });
    assert.equal(again.status, 304);
    assert.equal((await again.arrayBuffer()).byteLength, 0);
  });

  it("is compressed for those who take it", async () => {
    const plain = Buffer.from(await (await get("/openapi/v3/api/v1")).arrayBuffer());
    const response = await get("/openapi/v3/api/v1", { "accept-encoding": "deflate, gzip;q=0.5" });
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.deepEqual(gunzipSync(Buffer.from(await response.arrayBuffer())), plain);
    const refused = await get("/openapi/v3/api/v1", { "accept-encoding": "gzip;q=0" });
    assert.equal(refused.headers.get("content-encoding"), null);
  });

  it("refuses forms that it does not have, and paths that it does not have", async () => {
    const protobufOnly = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
    assert.equal((await get("/openapi/v3/api/v1", { accept: protobufOnly })).status, 406);
    assert.equal((await get("/openapi/v3/apis/none/v1")).status, 404);
    assert.equal((await get("/openapi/v4")).status, 404);
  });

  it("tells kubectl what a patch may be asked", async () => {
    const { paths } = (await (await get("/openapi/v3/apis/apps/v1")).json()) as Json;
    const { patch } = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
    const names = patch.parameters.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ["dryRun", "fieldManager", "fieldValidation", "force"]);
    assert.deepEqual(patch["x-kubernetes-group-version-kind"], {
      group: "apps",
      version: "v1",
      kind: "Deployment",
    });
  });

  it("of version 2 says in protobuf what it says in JSON", async function () {
    const folder = await goModule("github.com/google/gnostic-models@v0.7.0");
    if (folder === undefined) return this.skip();
    const root = protobuf.loadSync(join(folder, "openapiv2", "OpenAPIv2.proto"));
    const response = await get("/openapi/v2", {
      accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    });
    const type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    assert.equal(response.headers.get("content-type"), type);
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = (await (await get("/openapi/v2")).json()) as Json;
    assert.deepEqual(Buffer.from(encodeGnostic(json)), bytes);
    const Document = root.lookupType("openapi.v2.Document");
    const message = Document.toObject(Document.decode(bytes)) as Json;
    assert.deepEqual(definitionsOf(message), json.definitions);
    const paths = message.paths.path as { name: string; value: Json }[];
    assert.deepEqual(
      Object.fromEntries(paths.map(({ name, value }) => [name, summaryOfMessage(value)])),
      Object.fromEntries(
        Object.entries(json.paths).map(([name, value]) => [name, summaryOfJson(value as Json)]),
      ),
    );
  }).timeout(UPSTREAM_TEST_TIMEOUT_MS);
});

function definitionsOf(message: Json): Json {
  return namedOf(message.definitions.additionalProperties, schemaOf);
}

function namedOf(entries: { name: string; value: Json }[] | undefined, read: (value: Json) => unknown): Json {
  return Object.fromEntries((entries ?? []).map(({ name, value }) => [name, read(value)]));
}

const yamlOf = ({ yaml }: { yaml: string }) => JSON.parse(yaml) as unknown;

/** Back from gnostic's Schema to JSON Schema, as protobufjs read it. */
function schemaOf(value: Json): Json {
  const { _ref: reference, type, items, properties, additionalProperties, vendorExtension, ...rest } = value;
  return {
    ...rest,
    ...(reference && { $ref: reference }),
    ...(rest.default && { default: yamlOf(rest.default) }),
    ...(rest.enum && { enum: rest.enum.map(yamlOf) }),
    ...(type && { type: type.value[0] }),
    ...(items && { items: schemaOf(items.schema[0]) }),
    ...(properties && { properties: namedOf(properties.additionalProperties, schemaOf) }),
    ...(additionalProperties && { additionalProperties: schemaOf(additionalProperties.schema) }),
    ...namedOf(vendorExtension, yamlOf as (value: Json) => unknown),
  };
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"];

function summaryOfMessage(item: Json): Json {
  const present = METHODS.filter(method => item[method]);
  return Object.fromEntries(
    present.map(method => {
      const { operationId, parameters, responses, vendorExtension } = item[method];
      const flat = (parameters ?? []).map(({ parameter }: Json) => {
        const { queryParameterSubSchema, pathParameterSubSchema } = parameter.nonBodyParameter ?? {};
        return (parameter.bodyParameter ?? queryParameterSubSchema ?? pathParameterSubSchema).name;
      });
      const codes = responses.responseCode.map(({ name }: Json) => name);
      const extensions = namedOf(vendorExtension, yamlOf as (value: Json) => unknown);
      return [method, [operationId, flat, codes, extensions]];
    }),
  );
}

function summaryOfJson(item: Json): Json {
  const present = METHODS.filter(method => item[method]);
  return Object.fromEntries(
    present.map(method => {
      const operation = item[method] as Json;
      const names = operation.parameters.map(({ name }: Json) => name);
      const extensions = Object.entries(operation).filter(([key]) => key.startsWith("x-"));
      const codes = Object.keys(operation.responses);
      return [method, [operation.operationId, names, codes, Object.fromEntries(extensions)]];
    }),
  );
}
