/** Image archives for tests, in the layouts that tools write. Programs come from busybox-static. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type TestEntry, tar } from "./tar.ts";

export interface TestImage {
  layers: readonly Buffer[];
  /** The `config` of the image's config. */
  config?: object;
  references?: readonly string[];
  architecture?: string;
}

export const OWN_ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A layer with a shell and the usual small programs. */
export function busyboxLayer(more: readonly TestEntry[] = []): Buffer {
  const programs = [
    "sh",
    "cat",
    "ls",
    "id",
    "env",
    "sleep",
    "stat",
    "echo",
    "test",
    "mount",
    "pwd",
    "touch",
    "kill",
  ];
  return tar([
    { name: "bin/" },
    { name: "bin/busybox", data: busybox(), mode: 0o755 },
    ...programs.map(name => ({ name: `bin/${name}`, type: "1", link: "bin/busybox" })),
    { name: "etc/" },
    { name: "tmp/", mode: 0o1777 },
    ...more,
  ]);
}

function busybox(): Buffer {
  for (const path of ["/bin/busybox", "/usr/bin/busybox"]) {
    try {
      return readFileSync(path);
    } catch {
      // Not there.
    }
  }
  throw new Error("/bin/busybox is missing: install the package busybox-static");
}

export function configOf(image: TestImage): string {
  return JSON.stringify({
    architecture: image.architecture ?? OWN_ARCHITECTURE,
    os: "linux",
    config: image.config ?? {},
    rootfs: { type: "layers", diff_ids: image.layers.map(layer => `sha256:${sha256(layer)}`) },
  });
}

export function imageId(image: TestImage): string {
  return sha256(configOf(image));
}

/** As docker save wrote it before version 25: a folder a layer. */
export function dockerArchive(...images: TestImage[]): Buffer {
  const files = new Map<string, Buffer | string>();
  const manifest = images.map(image => {
    const id = imageId(image);
    files.set(`${id}.json`, configOf(image));
    const layers = image.layers.map(layer => {
      const name = `${sha256(`v1 ${sha256(layer)}`)}/layer.tar`;
      files.set(name, layer);
      return name;
    });
    return { Config: `${id}.json`, RepoTags: image.references ?? null, Layers: layers };
  });
  files.set("manifest.json", JSON.stringify(manifest));
  return tar([...files].map(([name, data]) => ({ name, data })));
}

export interface OciOptions {
  compress?(layer: Buffer): Buffer;
  /** Beside the image's own: other platforms, attestations. */
  others?: readonly TestImage[];
  /** Puts the manifests into an index of their own, as multi-platform builds do. */
  nested?: boolean;
  annotation?: string;
}

/** As skopeo, buildx and containerd write it. */
export function ociArchive(image: TestImage, options: OciOptions = {}): Buffer {
  const compress = options.compress ?? (layer => gzipSync(layer));
  const blobs = new Map<string, Buffer>();
  const put = (data: Buffer | string, mediaType: string) => {
    const bytes = Buffer.from(data);
    const digest = `sha256:${sha256(bytes)}`;
    blobs.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const base = "application/vnd.oci.image";
  const manifests = [image, ...(options.others ?? [])].map(each => {
    const config = put(configOf(each), `${base}.config.v1+json`);
    const layers = each.layers.map(layer => put(compress(layer), `${base}.layer.v1.tar+gzip`));
    const manifest = put(JSON.stringify({ schemaVersion: 2, config, layers }), `${base}.manifest.v1+json`);
    return { ...manifest, platform: { os: "linux", architecture: each.architecture ?? OWN_ARCHITECTURE } };
  });
  const name = options.annotation ?? "io.containerd.image.name";
  const annotations = image.references?.[0] ? { [name]: image.references[0] } : {};
  const top = options.nested
    ? [{ ...put(JSON.stringify({ schemaVersion: 2, manifests }), `${base}.index.v1+json`), annotations }]
    : manifests.map(manifest => ({ ...manifest, annotations }));
  const index = JSON.stringify({ schemaVersion: 2, manifests: top });
  return tar([
    { name: "blobs/" },
    { name: "blobs/sha256/" },
    ...[...blobs].map(([path, data]) => ({ name: path, data })),
    { name: "index.json", data: index },
    { name: "oci-layout", data: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
  ]);
}
