/** Request bodies: read up to a bound, then parsed as JSON. */
import type { IncomingMessage } from "node:http";
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from "@podwire/api";
import { BODY_MAX_BYTES } from "../limits.ts";
import { parseMediaType } from "./negotiate.ts";

const JSON_TYPE = "application/json";

/** Undefined for an empty body. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = contentType(request) ?? JSON_TYPE;
  if (type !== JSON_TYPE) throw unsupportedMediaType([JSON_TYPE]);
  return parseJson(await readBody(request));
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
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw badRequest(`error decoding the request's body: json parse error: ${(error as Error).message}`);
  }
}
