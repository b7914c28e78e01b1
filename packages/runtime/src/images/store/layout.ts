/**
 * The image store on disk: images and layers by what they are, names that point at images.
 *
 *   references/<sha256 of the name>   {reference, id}
 *   images/<id>.json                  an ImageRecord; <id> is the SHA-256 of the image's config
 *   layers/<short diffID>/            a layer's files: a lower directory of overlayfs
 *   layers/<short diffID>.json        its whole diffID: written before the folder is there
 *   staging/<pid>-<start>-<random>/   what one `load` is making; garbage once that process is dead
 *   lock                              held while names, images and layers change
 *
 * Everything gets its place by one rename, and what points at something comes after it: a killed process leaves
 * only what nothing points at, and the next load or removal takes that away. A reader needs no lock.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageConfig } from "../config.ts";

export interface ImageRecord {
  id: string;
  config: ImageConfig;
  digests: readonly string[];
  /** Of the layers' files. */
  bytes: number;
  loadedAt: string;
}

export interface Tag {
  reference: string;
  id: string;
}

/** Outlives labs, and is shared by those of a machine. */
const DEFAULT_STORE = "/var/lib/podwire/images";

/** Of a diffID, in the names of folders: 127 of them have to fit into one page of mount options. */
const SHORT_DIFF_ID = 24;

export function imageStoreDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.PODWIRE_IMAGE_DIR || DEFAULT_STORE;
}

export class StoreLayout {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get lock(): string {
    return join(this.directory, "lock");
  }

  get staging(): string {
    return join(this.directory, "staging");
  }

  get layers(): string {
    return join(this.directory, "layers");
  }

  get images(): string {
    return join(this.directory, "images");
  }

  get references(): string {
    return join(this.directory, "references");
  }

  /** For root alone: layers hold programs that run as root for whoever starts them. */
  make(): void {
    for (const folder of [this.references, this.images, this.layers, this.staging]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  }

  image(id: string): string {
    return join(this.images, `${id}.json`);
  }

  tag(reference: string): string {
    return join(this.references, createHash("sha256").update(reference).digest("hex"));
  }

  layer(diffID: string): string {
    return join(this.layers, shortDiffID(diffID));
  }

  readImage(id: string): ImageRecord | undefined {
    return readJson<ImageRecord>(this.image(id));
  }

  readImages(): ImageRecord[] {
    return names(this.images)
      .map(name => /^([0-9a-f]{64})\.json$/.exec(name)?.[1])
      .filter(id => id !== undefined)
      .map(id => this.readImage(id))
      .filter(image => image !== undefined);
  }

  readTags(): Tag[] {
    return names(this.references)
      .filter(name => /^[0-9a-f]{64}$/.test(name))
      .map(name => readJson<Tag>(join(this.references, name)))
      .filter(tag => tag !== undefined);
  }
}

export function shortDiffID(diffID: string): string {
  return diffID.replace("sha256:", "").slice(0, SHORT_DIFF_ID);
}

/** In one step, also for those who read meanwhile. */
export function writeJson(path: string, value: object): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(value));
  renameSync(temporary, path);
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
