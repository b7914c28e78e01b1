/**
 * Names of images: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, in the grammar of the container tools. Two that mean the
 * same have one normal form: the tag `latest` is written out, and `library/`, under which the default registry
 * keeps its official images, is left out together with its host.
 *
 * No registry is asked here, so none is the default one: a name without host stands for that path under any host,
 * as long as only one image has it.
 */
import { ImageError } from "./image-error.ts";

export interface Reference {
  /** Empty: any. */
  host: string;
  path: string;
  /** Empty when only a digest is named. */
  tag: string;
  /** `sha256:…`; empty when none is named. */
  digest: string;
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LONGEST_NAME = 255;
const OFFICIAL = "library/";

/** Throws an ImageError with what is wrong with it. */
export function parseReference(text: string): Reference {
  const [named, digest = "", ...more] = text.split("@");
  const colon = named!.lastIndexOf(":");
  const hasTag = colon > named!.lastIndexOf("/");
  const tag = hasTag ? named!.slice(colon + 1) : "";
  const name = hasTag ? named!.slice(0, colon) : named!;
  const { host, path } = splitHost(name);
  const wrong = (why: string): ImageError =>
    new ImageError(`${JSON.stringify(text)} is no image reference: ${why}`);
  if (host && !HOST.test(host)) throw wrong(`${JSON.stringify(host)} cannot be a registry`);
  if (/[A-Z]/.test(path)) throw wrong("the repository name must be lower case");
  if (!PATH.test(path) || name.length > LONGEST_NAME)
    throw wrong("it must be [HOST/]NAME[:TAG][@sha256:DIGEST]");
  if (hasTag && !TAG.test(tag)) throw wrong(`${JSON.stringify(tag)} cannot be a tag`);
  if (more.length > 0 || (text.includes("@") && !DIGEST.test(digest)))
    throw wrong("its digest must be sha256:…");
  const isOfficial = path.startsWith(OFFICIAL) && !path.slice(OFFICIAL.length).includes("/");
  return {
    host: isOfficial ? "" : host,
    path: isOfficial ? path.slice(OFFICIAL.length) : path,
    tag: tag || (digest ? "" : "latest"),
    digest,
  };
}

/** A first component is a host when it could not be part of a path: it has a dot or a port, or is `localhost`. */
function splitHost(name: string): { host: string; path: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(0, slash));
  if (!/[.:A-Z]/.test(first) && first !== "localhost") return { host: "", path: name };
  return { host: first, path: name.slice(slash + 1) };
}

/** `HOST/PATH:TAG`, as it is kept and shown. */
export function formatReference({ host, path, tag }: Reference): string {
  return `${host ? `${host}/` : ""}${path}${tag ? `:${tag}` : ""}`;
}

/** Whether a kept reference is what `wanted` may mean. */
export function mayMean(wanted: Reference, kept: Reference): boolean {
  return (
    wanted.path === kept.path && wanted.tag === kept.tag && (wanted.host === "" || wanted.host === kept.host)
  );
}
