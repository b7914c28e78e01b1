/**
 * What the containers of a node can have as their root: the host's, seen read-only, or an image of this machine's
 * store. The namespace that containers on images start from is made with the first of them.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { ImageStore } from "../images/store/store.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { IMAGES_IN_ROOT, Root, type RootOptions } from "./root.ts";

export class Roots {
  readonly images: ImageStore;
  readonly host: Root;
  readonly #image: Root;

  constructor(options: Omit<RootOptions, "imageStore">, images: ImageStore = new ImageStore()) {
    this.images = images;
    this.host = new Root(options);
    this.#image = new Root({ ...options, imageStore: images.directory });
  }

  /** The process whose mount namespace a container on an image starts from: the host's root, and the store. */
  async image(): Promise<ProcessIdentity> {
    const holder = await this.#image.holder();
    // A store that was removed and made again is another one.
    const shown = statSync(join(`/proc/${holder.pid}/root`, IMAGES_IN_ROOT), { throwIfNoEntry: false });
    if (shown?.ino === statSync(this.images.directory).ino) return holder;
    await this.#image.remove();
    return this.#image.holder();
  }

  /** Ends what holds them. Containers that run keep their copies. */
  async remove(): Promise<void> {
    await this.host.remove();
    await this.#image.remove();
  }
}
