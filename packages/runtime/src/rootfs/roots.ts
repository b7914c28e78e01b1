/**
 * What the containers of a node can have as their root: the host's, seen read-only, or an image of this machine's
 * store. Both start from one mount namespace, which sees the store from the first container on that needs it.
 */
import { ImageStore } from "../images/store/store.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { IN_ROOT, Root, type RootOptions } from "./root.ts";

export class Roots {
  readonly images: ImageStore;
  readonly host: Root;

  constructor(options: RootOptions, images: ImageStore = new ImageStore()) {
    this.images = images;
    this.host = new Root(options);
  }

  /** The process whose mount namespace a container on an image starts from: the host's root, and the store. */
  async image(): Promise<ProcessIdentity> {
    // A store that was removed and made again is another one.
    await this.host.show(this.images.directory, IN_ROOT.images);
    return this.host.holder();
  }

  /** Ends what holds them. Containers that run keep their copies. */
  remove(): Promise<void> {
    return this.host.remove();
  }
}
