/**
 * Answers for OpenAPI:
 *
 *   /openapi/v2                        everything, as JSON or in protobuf
 *   /openapi/v3                        where the documents are, each address with the hash of its document
 *   /openapi/v3/apis/apps/v1?hash=H    a document; with its hash in the address it may be kept for ever
 *
 * A document is made when first asked for, and kept as it goes over the wire, compressed: a client asks once and
 * remembers the hash.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { notAcceptable, pathNotFound, servedKinds } from "@podwire/api";
import type { Exchange } from "../exchange.ts";
import { acceptsGzip } from "../gzip.ts";
import { parseMediaType } from "../negotiate.ts";
import { documentV2, documentV3 } from "./documents.ts";
import { encodeGnostic } from "./gnostic.ts";

interface Kept {
  readonly compressed: Buffer;
  /** Of the document itself, however it is compressed. */
  readonly hash: string;
}

const JSON_TYPE = "application/json";
const GNOSTIC_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** The name that kubectl asks by; it is not a valid media type, so the answer has the other. */
const GNOSTIC_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;

const kept = new Map<string, Kept>();

function keep(name: string, make: () => Uint8Array): Kept {
  let document = kept.get(name);
  if (document === undefined) {
    const bytes = make();
    const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
    document = { compressed: gzipSync(bytes), hash };
    kept.set(name, document);
  }
  return document;
}

const asJson = (document: object) => Buffer.from(JSON.stringify(document));

export function serveOpenapi({ request, response, query, services }: Exchange, pathname: string): void {
  const path = pathname.replace(/\/$/, "");
  if (path === "/openapi/v2") {
    const type = negotiate(request, [JSON_TYPE, GNOSTIC_TYPE, GNOSTIC_ASKED]);
    if (type === JSON_TYPE)
      send(
        request,
        response,
        keep("v2", () => asJson(documentV2())),
        JSON_TYPE,
      );
    else
      send(
        request,
        response,
        keep("v2 gnostic", () => encodeGnostic(documentV2())),
        GNOSTIC_TYPE,
      );
    return;
  }
  if (path !== "/openapi/v3" && !path.startsWith("/openapi/v3/")) throw pathNotFound();
  negotiate(request, [JSON_TYPE]);
  if (path === "/openapi/v3") {
    send(
      request,
      response,
      keep("v3", () => asJson(index())),
      JSON_TYPE,
    );
    return;
  }
  const name = path.slice("/openapi/v3/".length);
  const document = keepV3(name);
  if (document === undefined) throw pathNotFound();
  const asked = query.get("hash");
  if (asked !== null && asked !== document.hash) {
    response.writeHead(301, { location: address(name, document) }).end();
    return;
  }
  send(request, response, document, JSON_TYPE, asked === null ? {} : forEver(services.nowMs()));
}

/** The documents of 3.0, by the path behind `/openapi/v3/`. */
const groupVersions = new Map(
  servedKinds.map(({ group, version }) => [
    group === "" ? `api/${version}` : `apis/${group}/${version}`,
    { group, version },
  ]),
);

function keepV3(name: string): Kept | undefined {
  const found = groupVersions.get(name);
  return found && keep(name, () => asJson(documentV3(found.group, found.version)));
}

const address = (name: string, { hash }: Kept) => `/openapi/v3/${name}?hash=${hash}`;

function index(): object {
  const paths = [...groupVersions.keys()]
    .sort()
    .map(name => [name, { serverRelativeURL: address(name, keepV3(name)!) }]);
  return { paths: Object.fromEntries(paths) };
}

function negotiate(request: IncomingMessage, offered: readonly string[]): string {
  for (const asked of (request.headers.accept || "*/*").split(",")) {
    const { type } = parseMediaType(asked);
    if (type === "*/*" || type === "application/*") return offered[0]!;
    if (offered.includes(type)) return type;
  }
  throw notAcceptable(offered);
}

function forEver(nowMs: number): Record<string, string> {
  return { "cache-control": "public, immutable", expires: new Date(nowMs + YEAR_MS).toUTCString() };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { compressed, hash }: Kept,
  type: string,
  headers: Record<string, string> = {},
): void {
  const etag = `"${hash}"`;
  const common = { ...headers, etag, vary: "Accept, Accept-Encoding" };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, common).end();
    return;
  }
  const isCompressed = acceptsGzip(request.headers["accept-encoding"]);
  const body = isCompressed ? compressed : gunzipSync(compressed);
  response.writeHead(200, {
    ...common,
    "content-type": type,
    "content-length": body.length,
    ...(isCompressed && { "content-encoding": "gzip" }),
  });
  response.end(body);
}
