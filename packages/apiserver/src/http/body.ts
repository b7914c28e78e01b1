/** Request bodies: read up to a bound, then parsed as what the client says they are. */
import type { IncomingMessage } from "node:http";
import {
  ApiError,
  badRequest,
  type ObjectSchema,
  requestEntityTooLarge,
  unsupportedMediaType,
} from "@podwire/api";
import { BODY_MAX_BYTES, BODY_MAX_DEPTH } from "../limits.ts";
import { parseMediaType } from "./negotiate.ts";
import { parseProtobuf } from "./protobuf-body.ts";

const JSON_TYPE = "application/json";

/** The forms of an object in a body; each parser returns what JSON would have. */
const PARSERS = new Map<string, (schema: ObjectSchema, body: Buffer) => unknown>([
  [JSON_TYPE, (_, body) => parseJson(body)],
  ["application/vnd.kubernetes.protobuf", parseProtobuf],
]);

/** The body, which should be an object of the schema: that is for `decode` to find out. Undefined for an empty one. */
export async function readObjectBody(request: IncomingMessage, schema: ObjectSchema): Promise<unknown> {
  const parse = PARSERS.get(contentType(request) ?? JSON_TYPE);
  if (parse === undefined) throw unsupportedMediaType([...PARSERS.keys()]);
  const body = await readBody(request);
  return body.length === 0 ? undefined : parse(schema, body);
}

export function contentType(request: IncomingMessage): string | undefined {
  const header = request.headers["content-type"];
  return header === undefined ? undefined : parseMediaType(header).type;
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_MAX_BYTES) {
    throw requestEntityTooLarge(BODY_MAX_BYTES);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) throw requestEntityTooLarge(BODY_MAX_BYTES);
      chunks.push(chunk);
    }
  } catch (error) {
    // The client went away; whoever answers finds a closed connection.
    throw request.destroyed && !request.complete && bytes <= BODY_MAX_BYTES
      ? badRequest("the request's body ended early")
      : error;
  }
  return Buffer.concat(chunks);
}

/** Undefined for an empty text. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return notTooDeep(JSON.parse(body.toString("utf8")));
  } catch (error) {
    throw error instanceof ApiError
      ? error
      : badRequest(`error decoding the request's body: json parse error: ${(error as Error).message}`);
  }
}

/** Whatever is parsed from a body passes here. Throws a BadRequest. */
export function notTooDeep<T>(value: T): T {
  if (!isDeeper(value, BODY_MAX_DEPTH)) return value;
  throw badRequest(
    `error decoding the request's body: exceeded max depth: it nests deeper than ${BODY_MAX_DEPTH} levels`,
  );
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some(each => isDeeper(each, levels - 1));
}
