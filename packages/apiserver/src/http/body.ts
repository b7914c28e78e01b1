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
import { parseYaml } from "./yaml-body.ts";

const JSON_TYPE = "application/json";

/** Returns what JSON would have; what a strict reader would refuse goes into `faults`. */
type Parser = (body: Buffer, schema: ObjectSchema, faults: string[]) => unknown;

/** The forms of an object in a body. */
const PARSERS = new Map<string, Parser>([
  [JSON_TYPE, body => parseJson(body)],
  ["application/yaml", parseYamlObject],
  ["application/vnd.kubernetes.protobuf", (body, schema) => parseProtobuf(schema, body)],
]);

/** The body, which should be an object of the schema: that is for `decode` to find out. Undefined for an empty one. */
export async function readObjectBody(
  request: IncomingMessage,
  schema: ObjectSchema,
  faults: string[] = [],
): Promise<unknown> {
  const parse = PARSERS.get(contentType(request) ?? JSON_TYPE);
  if (parse === undefined) throw unsupportedMediaType([...PARSERS.keys()]);
  const body = await readBody(request);
  return body.length === 0 ? undefined : parse(body, schema, faults);
}

async function parseYamlObject(body: Buffer, _: ObjectSchema, faults: string[]): Promise<unknown> {
  const document = await parseYaml(body);
  faults.push(...document.faults);
  return document.value;
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
    // Otherwise the client went away; whoever answers finds a closed connection.
    throw error instanceof ApiError ? error : badRequest("the request's body ended early");
  }
  return Buffer.concat(chunks);
}

/** Undefined for an empty text. */
function parseJson(body: Buffer): unknown {
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
