/** Answers: JSON with its length, warnings as headers, failures as Status. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ApiError } from "@podwire/api";
import { WRITE_CHUNK_BYTES } from "../limits.ts";

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

/** RFC 7234 §5.5, as upstream: code 299, no agent. */
export function warningHeaders(warnings: readonly string[]): { warning?: string[] } {
  if (warnings.length === 0) return {};
  return { warning: warnings.map(text => `299 - "${text.replace(/[\\"]/g, "\\$&")}"`) };
}

/** Writes many small pieces in few large ones, as fast as the client takes them. */
export class ChunkWriter {
  readonly #response: ServerResponse;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
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
    if (this.#bytes === 0 || this.#response.destroyed) return;
    const chunk = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    if (!this.#response.write(chunk)) await drained(this.#response);
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  } finally {
    stop.abort();
  }
}
