/** Answers: JSON with its length, failures as Status. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { ApiError } from "@podwire/api";
import { GZIP_LEAST_BYTES, WRITE_CHUNK_BYTES } from "../limits.ts";
import { acceptsGzip } from "./gzip.ts";

export const JSON_CONTENT = "application/json";

export function sendJson(
  response: ServerResponse,
  code: number,
  body: object | Uint8Array,
  headers: Record<string, string | string[]> = {},
): void {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(code, { "content-type": JSON_CONTENT, "content-length": bytes.length, ...headers });
  response.end(bytes);
}

/** A long answer: a short one goes out with its length, a longer one compressed where the client takes that. */
export async function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  const iterator = pieces[Symbol.iterator]();
  const start: Uint8Array[] = [];
  let bytes = 0;
  let next = iterator.next();
  for (; !next.done && bytes < GZIP_LEAST_BYTES; next = iterator.next()) {
    start.push(next.value);
    bytes += next.value.length;
  }
  const vary = { vary: "Accept-Encoding" };
  if (next.done) {
    sendJson(response, 200, Buffer.concat(start, bytes), vary);
    return;
  }
  const isCompressed = acceptsGzip(request.headers["accept-encoding"]);
  const encoding = isCompressed && { "content-encoding": "gzip" };
  response.writeHead(200, { "content-type": JSON_CONTENT, ...vary, ...encoding });
  const sink = isCompressed ? gzipInto(response) : response;
  const writer = new ChunkWriter(sink);
  await writer.write(...start);
  for (; !next.done && !sink.destroyed; next = iterator.next()) await writer.write(next.value);
  await writer.flush();
  sink.end();
}

/** At the level that costs least: lists repeat themselves, so that it already makes a tenth of them. */
function gzipInto(response: ServerResponse): Writable {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  gzip.pipe(response);
  // A client that goes takes its answer with it.
  response.once("close", () => gzip.destroy());
  return gzip;
}

/** For a failure before the answer began. After that, a cut connection is all that is left to say. */
export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { details } = error;
  const retryAfter = details?.retryAfterSeconds;
  sendJson(response, error.code, error.status, {
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    // What is left of a body that was too large is not read: the connection cannot be used again.
    // HTTP/2 has no such header and ends the stream alone.
    ...(error.code === 413 && response.req.httpVersionMajor === 1 && { connection: "close" }),
  });
}

/** Writes many small pieces in few large ones, as fast as the client takes them. */
export class ChunkWriter {
  readonly #sink: Writable;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(sink: Writable) {
    this.#sink = sink;
  }

  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    }
    if (this.#bytes >= WRITE_CHUNK_BYTES) await this.flush();
  }

  /** Resolves when more may be written, or the client has gone. */
  async flush(): Promise<void> {
    if (this.#bytes === 0 || this.#sink.destroyed) return;
    const chunk = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    if (!this.#sink.write(chunk)) await drained(this.#sink);
  }
}

async function drained(sink: Writable): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(sink, "drain", { signal }), once(sink, "close", { signal })]);
  } finally {
    stop.abort();
  }
}
