/**
 * The files of an image archive, spooled to a folder of numbered files: an archive is a stream, and what lies in
 * it is needed in another order. Names of the archive never become names on disk; links among them are followed
 * here (docker save writes a layer that it has written before as a link).
 */
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readFileSync, writeSync } from "node:fs";
import { join as joinLocal } from "node:path";
import { join } from "node:path/posix";
import { LIMITS } from "../../limits.ts";
import { ImageError } from "../image-error.ts";
import { ByteReader } from "./byte-reader.ts";
import { decompressed } from "./decompress.ts";
import { readTar } from "./tar.ts";

interface Blob {
  file: string;
  size: number;
  sha256: string;
}

export class Blobs {
  readonly #what: string;
  readonly #blobs = new Map<string, Blob>();
  readonly #links = new Map<string, string>();

  private constructor(what: string) {
    this.#what = what;
  }

  /** Reads the archive, which may be compressed, into `folder`. */
  static async spool(source: AsyncIterable<Uint8Array>, folder: string, what: string): Promise<Blobs> {
    const blobs = new Blobs(what);
    const reader = new ByteReader(decompressed(source, what), what);
    let bytes = 0;
    let entries = 0;
    for await (const { entry, data } of readTar(reader, what)) {
      const name = join("/", entry.name).slice(1);
      const where = `${what}: ${JSON.stringify(entry.name)}`;
      if (entry.name.split("/").includes(".."))
        throw new ImageError(`${where}: its name climbs out with ".."`);
      if (++entries > LIMITS.archiveEntries)
        throw new ImageError(`${what}: more than ${LIMITS.archiveEntries} entries`);
      bytes += entry.size;
      if (bytes > LIMITS.imageBytes) {
        throw new ImageError(`${where}: the archive holds more than ${LIMITS.imageBytes / 2 ** 30} GiB`);
      }
      if (entry.type === "directory") continue;
      if (blobs.#blobs.has(name) || blobs.#links.has(name))
        throw new ImageError(`${where}: it is there twice`);
      if (entry.type === "file") {
        blobs.#blobs.set(name, await spoolOne(data, joinLocal(folder, String(blobs.#blobs.size))));
      } else if (entry.type === "symlink") {
        blobs.#links.set(name, join("/", name, "..", entry.linkName).slice(1));
      } else if (entry.type === "link") {
        blobs.#links.set(name, join("/", entry.linkName).slice(1));
      } else {
        throw new ImageError(`${where}: a ${entry.type.replace("-", " ")}: this is no image`);
      }
    }
    for await (const _ of reader.rest());
    if (entries === 0) throw new ImageError(`${what}: it is empty, or no tar archive`);
    return blobs;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  sizeOf(name: string): number {
    return this.#get(name).size;
  }

  /** Of the bytes as they lie in the archive. */
  sha256Of(name: string): string {
    return this.#get(name).sha256;
  }

  open(name: string): AsyncIterable<Uint8Array> {
    return createReadStream(this.#get(name).file, { highWaterMark: LIMITS.archiveReadBytes });
  }

  /** A small JSON file. */
  json(name: string): unknown {
    const { file, size } = this.#get(name);
    const where = `${this.#what}: ${name}`;
    if (size > LIMITS.imageJsonBytes) {
      throw new ImageError(`${where}: ${size} bytes; at most ${LIMITS.imageJsonBytes} are allowed`);
    }
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch (cause) {
      throw new ImageError(`${where}: it is not JSON: ${(cause as Error).message}`, { cause });
    }
  }

  #get(name: string): Blob {
    const blob = this.#find(name);
    if (!blob) throw new ImageError(`${this.#what}: ${name} is missing`);
    return blob;
  }

  #find(name: string): Blob | undefined {
    let target = join("/", name).slice(1);
    for (let hops = 0; hops <= LIMITS.archiveLinks; hops++) {
      const blob = this.#blobs.get(target);
      if (blob) return blob;
      const next = this.#links.get(target);
      if (next === undefined) return undefined;
      target = next;
    }
    return undefined;
  }
}

async function spoolOne(data: AsyncIterable<Buffer>, path: string): Promise<Blob> {
  const hash = createHash("sha256");
  let size = 0;
  const file = openSync(path, "wx", 0o600);
  try {
    for await (const piece of data) {
      hash.update(piece);
      size += piece.length;
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
    }
  } finally {
    closeSync(file);
  }
  return { file: path, size, sha256: hash.digest("hex") };
}
