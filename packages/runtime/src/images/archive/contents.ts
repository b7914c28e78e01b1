/**
 * Which images an archive holds: config, layers and names, from either of the two layouts.
 *
 *   docker-archive   manifest.json: [{Config, RepoTags, Layers}] (Docker image-spec v1.2); what `docker save` writes
 *   OCI layout       oci-layout, index.json -> (index ->) manifest -> config and layers, all by digest (OCI
 *                    image-spec, image-layout.md); of an index, the manifests of this machine's platform
 *
 * An archive that is both (docker save since 25) is read by manifest.json, whose names are the ones that the user
 * saved. All that a digest names is compared with it.
 */

import { LIMITS } from "../../limits.ts";
import { type ImageConfig, parseImageConfig } from "../config.ts";
import { ImageError } from "../image-error.ts";
import { formatReference, parseReference } from "../reference.ts";
import type { Blobs } from "./blobs.ts";

export interface ArchivedImage {
  /** SHA-256 of the config, in hexadecimal: the image's ID. */
  id: string;
  config: ImageConfig;
  /** Names of the layers' blobs, lowest first. */
  layers: readonly string[];
  /** In normal form. */
  references: readonly string[];
  /** Of the manifest: what `NAME@DIGEST` names. A docker-archive has none. */
  digest?: string;
}

export interface Platform {
  os: string;
  architecture: string;
}

/** Throws an ImageError; returns at least one image. */
export function imagesIn(blobs: Blobs, platform: Platform, what: string): ArchivedImage[] {
  const images = blobs.has("manifest.json")
    ? dockerImages(blobs, what)
    : blobs.has("index.json")
      ? ociImages(blobs, platform, what)
      : undefined;
  if (!images) {
    throw new ImageError(
      `${what}: neither manifest.json (docker save) nor index.json (an OCI layout) is in it: this is no image archive`,
    );
  }
  for (const { id, config, layers } of images) check(id, config, layers, platform, what);
  return images;
}

function check(
  id: string,
  config: ImageConfig,
  layers: readonly string[],
  platform: Platform,
  what: string,
): void {
  const image = `${what}: image ${id.slice(0, 12)}`;
  if (layers.length !== config.diffIDs.length) {
    throw new ImageError(
      `${image}: ${layers.length} layers, but rootfs.diff_ids names ${config.diffIDs.length}`,
    );
  }
  if (layers.length === 0) throw new ImageError(`${image}: it has no layers`);
  if (layers.length > LIMITS.imageLayers) {
    throw new ImageError(`${image}: ${layers.length} layers; at most ${LIMITS.imageLayers} are allowed`);
  }
  const { os, architecture } = config;
  if ((os && os !== platform.os) || (architecture && architecture !== platform.architecture)) {
    const own = `${platform.os}/${platform.architecture}`;
    throw new ImageError(`${image}: it is for ${os}/${architecture}, and this machine is ${own}`);
  }
}

// docker-archive

interface DockerManifest {
  Config?: unknown;
  RepoTags?: unknown;
  Layers?: unknown;
}

const HEX_NAME = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/;

function dockerImages(blobs: Blobs, what: string): ArchivedImage[] {
  const list = blobs.json("manifest.json");
  if (!Array.isArray(list) || list.length === 0)
    throw new ImageError(`${what}: manifest.json: it lists no image`);
  return list.map((manifest: DockerManifest, index) => {
    const where = `${what}: manifest.json[${index}]`;
    const configName = manifest?.Config;
    if (typeof configName !== "string") throw new ImageError(`${where}.Config: text is wanted`);
    const layers = texts(manifest.Layers, `${where}.Layers`);
    const id = blobs.sha256Of(configName);
    const named = HEX_NAME.exec(configName)?.[1];
    if (named && named !== id) throw wrongDigest(`${what}: ${configName}`, named, id);
    const tags = texts(manifest.RepoTags ?? [], `${where}.RepoTags`);
    return {
      id,
      config: parseImageConfig(blobs.json(configName), `${what}: ${configName}`),
      layers,
      references: tags.map(tag => formatReference(parseReference(tag))),
    };
  });
}

function texts(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || value.some(each => typeof each !== "string")) {
    throw new ImageError(`${where}: a list of texts is wanted`);
  }
  return value;
}

// OCI layout

interface Descriptor {
  mediaType?: string;
  digest: string;
  size?: number;
  platform?: { os?: string; architecture?: string };
  annotations?: Record<string, string>;
}

const INDEX_TYPES = /(?:image\.index\.v1|manifest\.list\.v2)\+json$/;
/** containerd writes the whole name into the first, and the tag alone into the second. */
const NAME_ANNOTATION = "io.containerd.image.name";
const REFERENCE_ANNOTATION = "org.opencontainers.image.ref.name";
/** Of manifests that describe another one (build provenance) and are no images. */
const ATTESTATION_ANNOTATION = "vnd.docker.reference.type";

function ociImages(blobs: Blobs, platform: Platform, what: string): ArchivedImage[] {
  const found = new Map<string, ArchivedImage & { references: string[] }>();
  const passedOver = new Set<string>();
  const walk = (descriptor: Descriptor, names: readonly string[], depth: number): void => {
    const isNested = descriptor.mediaType !== undefined && INDEX_TYPES.test(descriptor.mediaType);
    if (!isNested && !suits(descriptor, platform, passedOver)) return;
    const manifest = verifiedJson(blobs, descriptor, what);
    if (isNested || Array.isArray(manifest.manifests)) {
      if (depth > LIMITS.indexDepth)
        throw new ImageError(`${what}: more than ${LIMITS.indexDepth} nested indexes`);
      for (const inner of descriptors(manifest.manifests, `${what}: ${descriptor.digest}: manifests`)) {
        walk(inner, [...names, ...namesOf(inner)], depth + 1);
      }
      return;
    }
    const image = ociImage(blobs, descriptor, manifest, what);
    const known = found.get(image.id) ?? { ...image, references: [] };
    known.references = [...new Set([...known.references, ...names])];
    found.set(image.id, known);
  };
  const index = blobs.json("index.json") as { manifests?: unknown } | null;
  for (const descriptor of descriptors(index?.manifests, `${what}: index.json: manifests`)) {
    walk(descriptor, namesOf(descriptor), 1);
  }
  if (found.size === 0) {
    const others = [...passedOver].sort().join(", ") || "nothing";
    throw new ImageError(
      `${what}: no image for ${platform.os}/${platform.architecture} is in it; it has ${others}`,
    );
  }
  return [...found.values()];
}

function suits({ platform, annotations }: Descriptor, own: Platform, passedOver: Set<string>): boolean {
  if (annotations?.[ATTESTATION_ANNOTATION] !== undefined) return false;
  if (!platform) return true;
  if (platform.os === own.os && platform.architecture === own.architecture) return true;
  passedOver.add(`${platform.os}/${platform.architecture}`);
  return false;
}

function ociImage(
  blobs: Blobs,
  descriptor: Descriptor,
  manifest: Record<string, unknown>,
  what: string,
): ArchivedImage {
  const where = `${what}: manifest ${descriptor.digest}`;
  const [config] = descriptors([manifest.config], `${where}: config`);
  const layers = descriptors(manifest.layers, `${where}: layers`);
  const json = verifiedJson(blobs, config!, what);
  for (const layer of layers) verify(blobs, layer, what);
  return {
    id: config!.digest.slice("sha256:".length),
    config: parseImageConfig(json, `${what}: config ${config!.digest}`),
    layers: layers.map(layer => blobName(layer.digest)),
    references: [],
    digest: descriptor.digest,
  };
}

/** A name that is only a tag names no image: such an archive is loaded without a name. */
function namesOf({ annotations }: Descriptor): string[] {
  const name = annotations?.[NAME_ANNOTATION] ?? annotations?.[REFERENCE_ANNOTATION];
  if (
    typeof name !== "string" ||
    !name ||
    (annotations?.[NAME_ANNOTATION] === undefined && !/[/:]/.test(name))
  )
    return [];
  return [formatReference(parseReference(name))];
}

function descriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw new ImageError(`${where}: a list is wanted`);
  for (const each of value as Descriptor[]) {
    if (typeof each?.digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(each.digest)) {
      throw new ImageError(`${where}: ${JSON.stringify(each?.digest ?? null)} is no sha256 digest`);
    }
  }
  return value as Descriptor[];
}

function verifiedJson(blobs: Blobs, descriptor: Descriptor, what: string): Record<string, unknown> {
  verify(blobs, descriptor, what);
  return (blobs.json(blobName(descriptor.digest)) ?? {}) as Record<string, unknown>;
}

function verify(blobs: Blobs, { digest, size }: Descriptor, what: string): void {
  const name = blobName(digest);
  const [, wanted] = digest.split(":");
  const actual = blobs.sha256Of(name);
  if (actual !== wanted) throw wrongDigest(`${what}: ${name}`, wanted!, actual);
  if (typeof size === "number" && size !== blobs.sizeOf(name)) {
    throw new ImageError(`${what}: ${name}: ${blobs.sizeOf(name)} bytes, but its descriptor says ${size}`);
  }
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

export function wrongDigest(where: string, wanted: string, actual: string): ImageError {
  return new ImageError(`${where}: wrong digest: sha256:${actual} instead of sha256:${wanted}`);
}
