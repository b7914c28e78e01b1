/**
 * From an archive to images of the store:
 *
 *   spool -> which images, checked -> layers not there yet are unpacked, each against its diffID   in staging
 *   sync  -> layers, then images, then names get their places                                      under the lock
 *
 * Until the last step nothing of it can be seen; whatever fails before leaves the store as it was. Loads of the
 * same image may run at once: the one that comes second finds the layers in place.
 */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LIMITS } from "../../limits.ts";
import { readIdentity } from "../../process/identity.ts";
import { takeLock } from "../../process/lock.ts";
import { program } from "../../process/run.ts";
import { Blobs } from "../archive/blobs.ts";
import { type ArchivedImage, imagesIn, type Platform, wrongDigest } from "../archive/contents.ts";
import { decompressed } from "../archive/decompress.ts";
import { type Allowance, unpackLayer } from "../archive/layer.ts";
import { ImageError } from "../image-error.ts";
import { removeGarbage } from "./garbage.ts";
import { type ImageRecord, readJson, type StoreLayout, shortDiffID, writeJson } from "./layout.ts";

export interface LoadedImage {
  id: string;
  references: readonly string[];
}

interface LayerRecord {
  diffID: string;
  bytes: number;
}

/** Loads every image of the archive. `what` names it in errors. Throws an ImageError. */
export async function loadImages(
  store: StoreLayout,
  source: AsyncIterable<Uint8Array>,
  what: string,
  signal?: AbortSignal,
): Promise<LoadedImage[]> {
  store.make();
  await underLock(store, () => removeGarbage(store));
  const folder = stagingFolder(store);
  mkdirSync(join(folder, "blobs"), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, "layers"));
  try {
    const blobs = await Blobs.spool(until(signal, source), join(folder, "blobs"), what);
    const images = imagesIn(blobs, ownPlatform(), what);
    const unpacked = await unpackAll(store, blobs, images, folder, what, signal);
    await promisify(execFile)(program("sync"), ["--file-system", folder]);
    await underLock(store, () => commit(store, images, unpacked, join(folder, "layers")));
    return images.map(({ id, references }) => ({ id, references }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs it alone among the processes that change the store. */
export async function underLock<T>(store: StoreLayout, change: () => T | Promise<T>): Promise<T> {
  const release = await takeLock(
    store.lock,
    LIMITS.imageLockTimeoutMs,
    ({ pid }) => new ImageError(`process ${pid} is changing ${store.directory}: wait for it, or stop it`),
  );
  try {
    return await change();
  } finally {
    release();
  }
}

function stagingFolder(store: StoreLayout): string {
  const { pid, startTicks } = readIdentity("/proc/self/stat")!;
  return join(store.staging, `${pid}-${startTicks}-${randomBytes(6).toString("hex")}`);
}

function ownPlatform(): Platform {
  return { os: "linux", architecture: os.arch() === "x64" ? "amd64" : os.arch() };
}

async function unpackAll(
  store: StoreLayout,
  blobs: Blobs,
  images: readonly ArchivedImage[],
  folder: string,
  what: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, LayerRecord>> {
  const done = new Map<string, LayerRecord>();
  const allowance: Allowance = { bytes: LIMITS.imageBytes };
  for (const { config, layers } of images) {
    for (const [index, diffID] of config.diffIDs.entries()) {
      if (done.has(diffID) || present(store, diffID)) continue;
      const target = join(folder, "layers", shortDiffID(diffID));
      if (existsSync(target)) throw new ImageError(`${what}: two layers begin with ${shortDiffID(diffID)}`);
      const name = layers[index]!;
      const source = decompressed(until(signal, blobs.open(name)), `${what}: layer ${name}`);
      done.set(diffID, await unpackOne(source, diffID, target, `${what}: layer ${name}`, allowance));
    }
  }
  return done;
}

/** The layer of exactly this diffID is in the store. */
function present(store: StoreLayout, diffID: string): LayerRecord | undefined {
  const record = readJson<LayerRecord>(`${store.layer(diffID)}.json`);
  return record?.diffID === diffID && existsSync(store.layer(diffID)) ? record : undefined;
}

async function unpackOne(
  source: AsyncIterable<Buffer>,
  diffID: string,
  target: string,
  where: string,
  allowance: Allowance,
): Promise<LayerRecord> {
  const hash = createHash("sha256");
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      hash.update(piece);
      yield piece;
    }
  }
  const { bytes } = await unpackLayer(hashed(), target, where, allowance);
  const actual = hash.digest("hex");
  const wanted = diffID.slice("sha256:".length);
  if (actual !== wanted) throw wrongDigest(`${where} (without compression)`, wanted, actual);
  return { diffID, bytes };
}

/** The same bytes, until the signal comes. */
async function* until(
  signal: AbortSignal | undefined,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    signal?.throwIfAborted();
    yield piece;
  }
}

function commit(
  store: StoreLayout,
  images: readonly ArchivedImage[],
  unpacked: ReadonlyMap<string, LayerRecord>,
  staged: string,
): void {
  removeGarbage(store);
  const missing = images
    .flatMap(image => image.config.diffIDs)
    .find(id => !unpacked.has(id) && !present(store, id));
  if (missing) throw new ImageError(`layer ${missing} was removed meanwhile: load the image again`);
  for (const [diffID, record] of unpacked) {
    if (present(store, diffID)) continue;
    const other = readJson<LayerRecord>(`${store.layer(diffID)}.json`);
    if (other && other.diffID !== diffID)
      throw new ImageError(`layers ${diffID} and ${other.diffID} begin alike`);
    writeJson(`${store.layer(diffID)}.json`, record);
    renameSync(join(staged, shortDiffID(diffID)), store.layer(diffID));
  }
  for (const image of images) {
    const before = store.readImage(image.id);
    writeJson(store.image(image.id), imageRecord(store, image, before));
    for (const reference of image.references) {
      const tag = { reference, id: image.id };
      writeJson(store.tag(reference), tag);
    }
  }
}

function imageRecord(store: StoreLayout, image: ArchivedImage, before: ImageRecord | undefined): ImageRecord {
  const bytes = image.config.diffIDs.reduce((sum, diffID) => sum + (present(store, diffID)?.bytes ?? 0), 0);
  const digests = new Set([...(before?.digests ?? []), ...(image.digest ? [image.digest] : [])]);
  const loadedAt = before?.loadedAt ?? new Date().toISOString();
  return { id: image.id, config: image.config, digests: [...digests], bytes, loadedAt };
}
