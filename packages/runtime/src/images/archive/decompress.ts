/**
 * Bytes as they were before compression: gzip (RFC 1952) and zstd (RFC 8878), told by their first bytes, anything
 * else as it is. zstd is node's own where it has it (22.15 and later), and fzstd's otherwise.
 */
import { PassThrough, Readable, type Transform } from "node:stream";
import zlib from "node:zlib";
import { ImageError } from "../image-error.ts";

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const MAGIC_BYTES = 4;

type Compression = "none" | "gzip" | "zstd";

/** `what` is named in errors. */
export async function* decompressed(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Buffer> {
  const { head, all } = await peek(source);
  const kind: Compression = head.subarray(0, 2).equals(GZIP) ? "gzip" : head.equals(ZSTD) ? "zstd" : "none";
  if (kind === "none") {
    yield* all;
    return;
  }
  const native = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;
  if (kind === "zstd" && !native) {
    yield* throughFzstd(all, what);
    return;
  }
  yield* through(kind === "gzip" ? zlib.createGunzip() : native!(), all, what, kind);
}

async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { value, done } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: head.subarray(0, MAGIC_BYTES), all: all() };
}

async function* through(
  transform: Transform,
  source: AsyncIterable<Buffer>,
  what: string,
  kind: Compression,
): AsyncGenerator<Buffer> {
  const output = new PassThrough();
  const input = Readable.from(source, { objectMode: false });
  // An error of the source is told from one of the compressed data.
  let failed: Error | undefined;
  input.once("error", error => {
    failed = error;
    transform.destroy(error);
  });
  transform.once("error", error => output.destroy(failed ?? damaged(what, kind, error)));
  input.pipe(transform).pipe(output);
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
    transform.destroy();
  }
}

async function* throughFzstd(source: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  const { Decompress } = await import("fzstd");
  let pieces: Uint8Array[] = [];
  let ended = false;
  const decoder = new Decompress((piece, isLast) => {
    pieces.push(piece);
    ended ||= isLast ?? false;
  });
  const feed = (bytes: Uint8Array, isLast: boolean): Uint8Array[] => {
    pieces = [];
    try {
      decoder.push(bytes, isLast);
    } catch (cause) {
      throw damaged(what, "zstd", cause as Error);
    }
    return pieces;
  };
  for await (const bytes of source) for (const piece of feed(bytes, false)) yield Buffer.from(piece);
  for (const piece of feed(new Uint8Array(0), true)) yield Buffer.from(piece);
  if (!ended) throw damaged(what, "zstd", new Error("unexpected end"));
}

function damaged(what: string, kind: Compression, cause: Error): ImageError {
  return new ImageError(`${what}: the ${kind} data is damaged or truncated: ${cause.message}`, { cause });
}
