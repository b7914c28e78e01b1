/** The images of this machine: list, find, load, remove. See layout.ts for how they are kept. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ImageError } from "../image-error.ts";
import { formatReference, mayMean, parseReference } from "../reference.ts";
import { findImage } from "./find.ts";
import { removeGarbage } from "./garbage.ts";
import { type ImageRecord, imageStoreDirectory, names, StoreLayout, shortDiffID } from "./layout.ts";
import { type LoadedImage, loadImages, underLock } from "./load.ts";
import { layersInUse } from "./usage.ts";

export interface StoredImage extends ImageRecord {
  /** In normal form, sorted. */
  references: readonly string[];
}

/** What a removal did: names taken away, and the images that went with their last one. */
export interface Removed {
  untagged: string[];
  deleted: string[];
}

const ID_PREFIX = /^(?:sha256:)?([0-9a-f]{6,64})$/;

export class ImageStore {
  readonly #layout: StoreLayout;

  /** Default: where the environment says, or this machine's own. */
  constructor(directory: string = imageStoreDirectory()) {
    this.#layout = new StoreLayout(directory);
  }

  get directory(): string {
    return this.#layout.directory;
  }

  /** Makes it where there is none, so that it can be mounted. */
  make(): void {
    this.#layout.make();
  }

  /** By name, then by age. */
  list(): StoredImage[] {
    const tags = this.#layout.readTags();
    const withTags = this.#layout.readImages().map(image => ({
      ...image,
      references: tags
        .filter(tag => tag.id === image.id)
        .map(tag => tag.reference)
        .sort(),
    }));
    const key = (image: StoredImage): string => `${image.references[0] ?? "~"} ${image.loadedAt} ${image.id}`;
    return withTags.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  /** Undefined when the store has none. Throws an ImageError when the reference is malformed or ambiguous. */
  find(reference: string): ImageRecord | undefined {
    return findImage(this.#layout, reference);
  }

  /** All images of an archive, or none: see load.ts. `what` names the archive in errors. */
  load(source: AsyncIterable<Uint8Array>, what: string, signal?: AbortSignal): Promise<LoadedImage[]> {
    return loadImages(this.#layout, source, what, signal);
  }

  /** Lower directories of overlayfs, relative to `layers/`, the highest first as overlayfs wants them. */
  static lowerDirectories(image: ImageRecord): string[] {
    return image.config.diffIDs.map(shortDiffID).reverse();
  }

  /** The same, as whole paths. */
  layerFolders(image: ImageRecord): string[] {
    return ImageStore.lowerDirectories(image).map(name => join(this.#layout.layers, name));
  }

  /**
   * By reference: takes the name away, and the image with its last one. By ID or its first six digits or more:
   * takes the image and all of its names away. An image that containers run on is not removed.
   */
  remove(text: string): Promise<Removed> {
    this.#layout.make();
    return underLock(this.#layout, () => {
      const { image, references } = this.#meant(text);
      const others = image.references.filter(each => !references.includes(each));
      const removed: Removed = { untagged: [...references], deleted: [] };
      if (others.length === 0) {
        this.#refuseInUse(image);
        removed.deleted.push(image.id);
        // Names first: one without an image would be a name of nothing.
        for (const reference of references) rmSync(this.#layout.tag(reference), { force: true });
        rmSync(this.#layout.image(image.id), { force: true });
      } else {
        for (const reference of references) rmSync(this.#layout.tag(reference), { force: true });
      }
      removeGarbage(this.#layout);
      return removed;
    });
  }

  #meant(text: string): { image: StoredImage; references: readonly string[] } {
    const images = this.list();
    const byName = namedBy(images, text);
    if (byName) return byName;
    const [, prefix] = ID_PREFIX.exec(text) ?? [];
    const found = prefix ? images.filter(image => image.id.startsWith(prefix)) : [];
    if (found.length > 1) {
      throw new ImageError(`${text}: ${found.length} images have an ID that begins so: give more of it`);
    }
    const [image] = found;
    if (image) return { image, references: image.references };
    const byDigest = text.includes("@") ? this.find(text) : undefined;
    const whole = byDigest && images.find(each => each.id === byDigest.id);
    if (whole) return { image: whole, references: whole.references };
    throw new ImageError(`${text}: no such image (podwire image list shows those that there are)`);
  }

  #refuseInUse(image: StoredImage): void {
    const inUse = layersInUse();
    const kept = new Set(
      this.list()
        .filter(each => each.id !== image.id)
        .flatMap(each => each.config.diffIDs),
    );
    const lost = image.config.diffIDs.filter(diffID => !kept.has(diffID));
    // An image whose layers are all another's as well loses nothing that a container could miss.
    if (!lost.some(diffID => inUse.has(shortDiffID(diffID)))) return;
    const name = image.references[0] ?? image.id.slice(0, 12);
    throw new ImageError(`${name}: containers of a lab run on it: delete their pods first`);
  }

  /** Whether anything is left of loads and removals that were cut short. */
  get staged(): number {
    return names(this.#layout.staging).length;
  }
}

function namedBy(
  images: readonly StoredImage[],
  text: string,
): { image: StoredImage; references: readonly string[] } | undefined {
  let wanted: ReturnType<typeof parseReference>;
  try {
    wanted = parseReference(text);
  } catch {
    return undefined; // An ID may have more digits than a name could.
  }
  const exact = formatReference(wanted);
  const all = images.flatMap(image => image.references.map(reference => ({ image, reference })));
  const same = all.filter(({ reference }) => reference === exact);
  const close = same.length > 0 ? same : all.filter(each => mayMean(wanted, parseReference(each.reference)));
  if (wanted.digest || close.length === 0) return undefined;
  if (close.length > 1) {
    const several = close.map(({ reference }) => reference).sort();
    throw new ImageError(`${text} may mean ${several.join(" or ")}: name the registry as well`);
  }
  return { image: close[0]!.image, references: [close[0]!.reference] };
}
