/** `podwire image load|list|remove`: the image store of this machine, which every lab of it shares. */
import { createReadStream, existsSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { ImageStore, type StoredImage } from "@podwire/runtime";
import { CommandError, EXIT, ExitWith, sayError, UsageError } from "../errors.ts";
import { Progress } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

const SHORT_ID = 12;
const NOTHING = "<none>";

/** `file` is `-` for stdin. */
export async function runImageLoad(file: string, terminal: Terminal): Promise<void> {
  requireRoot("image load: files keep their owners");
  const interrupted = new AbortController();
  const stop = () => interrupted.abort(new CommandError("interrupted: nothing was loaded", EXIT.interrupted));
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  const progress = new Progress(terminal);
  progress.step(file === "-" ? "loading images from stdin" : `loading ${file}`);
  try {
    const what = file === "-" ? "stdin" : file;
    const loaded = await new ImageStore().load(open(file), what, interrupted.signal);
    progress.end();
    for (const { id, references } of loaded) {
      for (const name of references.length > 0 ? references : [`image ${NOTHING}`]) {
        terminal.stdout.write(`${name} loaded (sha256:${id.slice(0, SHORT_ID)})\n`);
      }
    }
  } finally {
    progress.end();
  }
}

function open(file: string): Readable {
  if (file === "-") {
    if (process.stdin.isTTY)
      throw new CommandError("image load -: stdin is a terminal; redirect an archive into it");
    return process.stdin;
  }
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  if (statSync(file).isDirectory()) {
    throw new UsageError(
      `${file} is a directory: give a tar of it (tar -C ${file} -cf - . | podwire image load -)`,
    );
  }
  return createReadStream(file);
}

export interface ImageListOptions {
  readonly output?: "json";
}

export function runImageList({ output }: ImageListOptions, terminal: Terminal): void {
  requireRoot("image list");
  const images = new ImageStore().list();
  if (output === "json") {
    terminal.stdout.write(`${JSON.stringify(images.map(asJson), undefined, 2)}\n`);
    return;
  }
  const rows = images.flatMap(image => {
    const cells = [
      image.id.slice(0, SHORT_ID),
      formatBytes(image.bytes),
      image.loadedAt.slice(0, 16).replace("T", " "),
    ];
    const names = image.references.length > 0 ? image.references : [NOTHING];
    return names.map(name => [name, ...cells]);
  });
  terminal.stdout.write(`${formatTable(["IMAGE", "ID", "SIZE", "LOADED (UTC)"], rows)}\n`);
}

function asJson({ id, references, digests, bytes, loadedAt, config }: StoredImage): object {
  return { id: `sha256:${id}`, references, digests, sizeBytes: bytes, loadedAt, config };
}

/** Goes on after one that cannot be removed, and fails in the end. */
export async function runImageRemove(names: readonly string[], terminal: Terminal): Promise<void> {
  requireRoot("image remove");
  const store = new ImageStore();
  let failed = false;
  for (const name of names) {
    try {
      const { untagged, deleted } = await store.remove(name);
      for (const reference of untagged) terminal.stdout.write(`${reference} untagged\n`);
      for (const id of deleted) terminal.stdout.write(`sha256:${id} removed\n`);
    } catch (error) {
      failed = true;
      sayError(terminal, error);
    }
  }
  if (failed) throw new ExitWith(EXIT.failed);
}

function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) throw new CommandError(`${what}: run podwire as root (sudo)`);
}

function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
