/** Which image of the store a reference means; no lock, and nothing kept in memory: loads come from other processes. */
import { ImageError } from "../image-error.ts";
import { formatReference, mayMean, parseReference } from "../reference.ts";
import { type ImageRecord, readJson, type StoreLayout, type Tag } from "./layout.ts";

const IMAGE_ID = /^sha256:([0-9a-f]{64})$/;

/** Undefined when the store has none. Throws an ImageError when the reference is malformed or means several. */
export function findImage(store: StoreLayout, text: string): ImageRecord | undefined {
  const [, id] = IMAGE_ID.exec(text) ?? [];
  if (id) return store.readImage(id);
  const wanted = parseReference(text);
  if (wanted.digest) return byDigest(store, wanted.digest);
  const exact = readJson<Tag>(store.tag(formatReference(wanted)));
  if (exact) return store.readImage(exact.id);
  if (wanted.host) return undefined;
  const tags = store.readTags().filter(tag => mayMean(wanted, parseReference(tag.reference)));
  if (new Set(tags.map(tag => tag.id)).size > 1) {
    const all = tags.map(tag => tag.reference).sort();
    throw new ImageError(`${JSON.stringify(text)} may mean ${all.join(" or ")}: name the registry as well`);
  }
  return tags[0] && store.readImage(tags[0].id);
}

function byDigest(store: StoreLayout, digest: string): ImageRecord | undefined {
  return store.readImages().find(image => image.digests.includes(digest) || `sha256:${image.id}` === digest);
}
