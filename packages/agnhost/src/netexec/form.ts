/** What Go's http.Request.FormValue and FormFile find: the query, and the body of a form. */
import type { IncomingMessage } from "node:http";
import { LIMITS } from "../limits.ts";

export class BodyTooLarge extends Error {}

/** The first value of each name; a form's body comes before the query. */
export async function formValues(request: IncomingMessage): Promise<(name: string) => string> {
  const query = queryOf(request);
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  const body = new URLSearchParams(isForm ? (await readBody(request)).toString() : "");
  return name => body.get(name) ?? query.get(name) ?? "";
}

export function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? "/";
  const question = url.indexOf("?");
  return new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
}

/** The file of a multipart form's field; undefined when there is none. */
export async function formFile(request: IncomingMessage, field: string): Promise<Buffer | undefined> {
  const boundary = /multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(
    request.headers["content-type"] ?? "",
  )?.[1];
  if (boundary === undefined) return undefined;
  const body = Buffer.concat([Buffer.from("\r\n"), await readBody(request)]);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  for (let at = body.indexOf(delimiter); at >= 0; ) {
    const partFrom = at + delimiter.length + 2;
    const next = body.indexOf(delimiter, partFrom);
    if (next < 0) return undefined;
    const headersEnd = body.indexOf("\r\n\r\n", partFrom);
    const headers = body.toString("utf8", partFrom, headersEnd);
    const isFile = /filename=/i.test(headers) && headers.includes(`name="${field}"`);
    if (headersEnd >= 0 && headersEnd < next && isFile) return body.subarray(headersEnd + 4, next);
    at = next;
  }
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > LIMITS.bodyBytes) throw new BodyTooLarge(`the body is larger than ${LIMITS.bodyBytes} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}
