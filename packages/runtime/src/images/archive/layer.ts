/**
 * Unpacks one layer's tar into a folder that overlayfs can lie over others: owners, modes, times, links and
 * attributes are kept, whiteouts (OCI image-spec, layer.md) become overlayfs's.
 *
 * The archive is not trusted. A name may not climb with "..", nothing is written through a symbolic link, a hard
 * link leads to a file of the same layer, and no device node is made: containers get a /dev of their own, so
 * those below `dev` are left out, any other is refused. Symbolic links themselves may point anywhere: only
 * processes inside the container's root ever follow them.
 */
import {
  chmodSync,
  closeSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeFifo, makeWhiteout, setXattr } from "@podwire/linux";
import { LIMITS } from "../../limits.ts";
import { ImageError } from "../image-error.ts";
import { ByteReader } from "./byte-reader.ts";
import { readTar, type TarEntry } from "./tar.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** What aufs kept for itself begins so. */
const RESERVED = ".wh..wh.";
const OVERLAY_OPAQUE = "trusted.overlay.opaque";

export interface Unpacked {
  entries: number;
  /** Sum of the sizes of the files. */
  bytes: number;
}

/** How much more may be unpacked; shared by the layers of an image. */
export interface Allowance {
  bytes: number;
}

/** `source` is the layer's tar, not compressed; it is read to its end. `what` is named in errors. */
export async function unpackLayer(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  what: string,
  allowance: Allowance,
): Promise<Unpacked> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const reader = new ByteReader(source, what);
  const layer = new Layer(folder, what);
  const seen: Unpacked = { entries: 0, bytes: 0 };
  for await (const { entry, data } of readTar(reader, what)) {
    if (++seen.entries > LIMITS.layerEntries) {
      throw new ImageError(`${what}: more than ${LIMITS.layerEntries} entries`);
    }
    seen.bytes += entry.size;
    allowance.bytes -= entry.size;
    if (allowance.bytes < 0) {
      const most = `${LIMITS.imageBytes / 2 ** 30} GiB`;
      throw new ImageError(`${what}: ${JSON.stringify(entry.name)}: the image unpacks to more than ${most}`);
    }
    await layer.add(entry, data);
  }
  for await (const _ of reader.rest());
  layer.finish();
  return seen;
}

class Layer {
  readonly #folder: string;
  readonly #what: string;
  /** Paths that are known to be real folders of the layer. */
  readonly #folders = new Set<string>([""]);
  /** Set last: making what lies inside changes a folder's time. */
  readonly #folderTimes = new Map<string, number>();
  readonly #whiteouts = new Set<string>();

  constructor(folder: string, what: string) {
    this.#folder = folder;
    this.#what = what;
  }

  async add(entry: TarEntry, data: AsyncGenerator<Buffer>): Promise<void> {
    const path = this.#path(entry.name, entry.name);
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1);
    const parent = path.slice(0, Math.max(0, slash));
    this.#makeParents(parent, entry.name);
    if (base === OPAQUE) return this.#makeOpaque(parent);
    if (base.startsWith(RESERVED)) return;
    if (base.startsWith(WHITEOUT))
      return this.#whiteOut(join(parent, base.slice(WHITEOUT.length)), entry.name);
    if (entry.type === "directory") return this.#makeFolder(path, entry);
    if (path === "") throw this.#error(entry.name, "the root of the layer must be a directory");
    this.#clear(path);
    if (!(await this.#make(path, entry, data))) return;
    if (entry.type !== "link") this.#dress(path, entry);
  }

  /** False: left out. */
  async #make(path: string, entry: TarEntry, data: AsyncGenerator<Buffer>): Promise<boolean> {
    const target = join(this.#folder, path);
    switch (entry.type) {
      case "file":
        await writeFile(target, data);
        return true;
      case "symlink":
        if (entry.linkName === "") throw this.#error(entry.name, "a symbolic link to nowhere");
        symlinkSync(entry.linkName, target);
        return true;
      case "link":
        this.#link(target, entry);
        return true;
      case "fifo":
        makeFifo(target);
        return true;
      default:
        if (path.startsWith("dev/")) return false;
        throw this.#error(entry.name, `a ${entry.type.replace("-", " ")} node: not allowed in an image`);
    }
  }

  finish(): void {
    for (const [path, seconds] of this.#folderTimes) lutimesSync(join(this.#folder, path), seconds, seconds);
  }

  #link(target: string, entry: TarEntry): void {
    const source = this.#path(entry.linkName, entry.name);
    this.#makeParents(source.slice(0, Math.max(0, source.lastIndexOf("/"))), entry.name);
    const found = lstatSync(join(this.#folder, source), { throwIfNoEntry: false });
    if (!found || found.isDirectory() || found.isCharacterDevice()) {
      throw this.#error(
        entry.name,
        `a hard link to ${JSON.stringify(entry.linkName)}, which is no file of the layer`,
      );
    }
    linkSync(join(this.#folder, source), target);
  }

  #makeFolder(path: string, entry: TarEntry): void {
    if (!this.#folders.has(path)) {
      const before = lstatSync(join(this.#folder, path), { throwIfNoEntry: false });
      if (!before?.isDirectory()) {
        this.#clear(path);
        mkdirSync(join(this.#folder, path));
        // The layer both removes what lies below and begins anew.
        if (this.#whiteouts.has(path)) this.#makeOpaque(path);
      }
      this.#folders.add(path);
    }
    this.#dress(path, entry);
    this.#folderTimes.set(path, entry.mtimeSeconds);
  }

  /** Owner first: changing it takes set-user-ID bits and capabilities away. */
  #dress(path: string, entry: TarEntry): void {
    const target = join(this.#folder, path);
    lchownSync(target, entry.uid, entry.gid);
    if (entry.type !== "symlink") chmodSync(target, entry.mode);
    for (const [name, value] of entry.xattrs) {
      const isUsers = name.startsWith("user.") && (entry.type === "file" || entry.type === "directory");
      if (name === "security.capability" || isUsers) setXattr(target, name, value);
    }
    if (entry.type !== "directory") lutimesSync(target, entry.mtimeSeconds, entry.mtimeSeconds);
  }

  #makeOpaque(folder: string): void {
    setXattr(join(this.#folder, folder), OVERLAY_OPAQUE, Buffer.from("y"));
  }

  /** It hides what lower layers have; what this one has itself stays. */
  #whiteOut(path: string, name: string): void {
    const base = path.slice(path.lastIndexOf("/") + 1);
    if (base === "" || base === "." || base === "..") throw this.#error(name, "a whiteout of nothing");
    this.#whiteouts.add(path);
    const own = lstatSync(join(this.#folder, path), { throwIfNoEntry: false });
    if (own?.isDirectory()) this.#makeOpaque(path);
    else if (!own) makeWhiteout(join(this.#folder, path));
  }

  /** What an earlier entry of the same name, or a whiteout, has left: the later one counts, as everywhere in tar. */
  #clear(path: string): void {
    const target = join(this.#folder, path);
    const before = lstatSync(target, { throwIfNoEntry: false });
    if (!before) return;
    rmSync(target, { recursive: true, force: true });
    if (!before.isDirectory()) return;
    for (const folder of this.#folders) {
      if (folder !== path && !folder.startsWith(`${path}/`)) continue;
      this.#folders.delete(folder);
      this.#folderTimes.delete(folder);
    }
  }

  #makeParents(path: string, name: string): void {
    if (this.#folders.has(path)) return;
    const above = dirname(path);
    this.#makeParents(above === "." ? "" : above, name);
    const target = join(this.#folder, path);
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found?.isSymbolicLink())
      throw this.#error(name, `it lies below the symbolic link ${JSON.stringify(path)}`);
    if (found && !found.isDirectory() && !this.#whiteouts.has(path)) {
      throw this.#error(name, `it lies below ${JSON.stringify(path)}, which is no directory`);
    }
    if (!found?.isDirectory()) {
      rmSync(target, { force: true });
      mkdirSync(target, { mode: 0o755 });
      chmodSync(target, 0o755);
      if (this.#whiteouts.has(path)) this.#makeOpaque(path);
    }
    this.#folders.add(path);
  }

  /** Relative to the layer's root, without "." components; `name` is the entry's. */
  #path(text: string, name: string): string {
    const parts = text.split("/").filter(part => part !== "" && part !== ".");
    const inEntry = text === name ? "its name" : `its target ${JSON.stringify(text)}`;
    if (parts.includes("..")) throw this.#error(name, `${inEntry} climbs out with ".."`);
    if (
      parts.some(part => Buffer.byteLength(part) > 255) ||
      Buffer.byteLength(text) > LIMITS.layerPathBytes
    ) {
      throw this.#error(
        `${name.slice(0, 60)}…`,
        `${inEntry === "its name" ? inEntry : "its target"} is too long`,
      );
    }
    return parts.join("/");
  }

  #error(name: string, why: string): ImageError {
    return new ImageError(`${this.#what}: ${JSON.stringify(name)}: ${why}`);
  }
}

async function writeFile(path: string, data: AsyncIterable<Buffer>): Promise<void> {
  // Exclusive: nothing, and no link, is there.
  const file = openSync(path, "wx", 0o600);
  try {
    for await (const piece of data) for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
  } finally {
    closeSync(file);
  }
}
