/**
 * What an image reference stands for here:
 *
 *   stored      an image of this machine's store (podwire image load): its root file system
 *   built-in    `pause` and `agnhost`, of any registry and tag
 *   host        any other: it is not pulled, its container runs its `command` on the host's root file system
 */
import type { Container } from "@podwire/api";
import { AGNHOST_COMMAND, PAUSE_COMMAND } from "../rootfs/root.ts";
import type { ImageRecord } from "./store/layout.ts";
import type { ImageStore } from "./store/store.ts";

export type Image =
  | { kind: "stored"; record: ImageRecord; id: string }
  | { kind: "built-in"; entrypoint: readonly string[]; arguments: readonly string[]; id: string }
  | { kind: "host"; id: string };

export interface ImageProblem {
  reason: "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName";
  message: string;
}

const BUILT_IN: Record<string, { entrypoint: readonly string[]; arguments: readonly string[] }> = {
  pause: { entrypoint: [PAUSE_COMMAND], arguments: [] },
  agnhost: { entrypoint: [AGNHOST_COMMAND], arguments: ["pause"] },
};

/** The last part of a reference, without tag and digest: `registry.example/e2e-test-images/agnhost:2.53` -> `agnhost`. */
export function imageName(reference: string): string {
  const withoutDigest = reference.split("@")[0]!;
  const last = withoutDigest.slice(withoutDigest.lastIndexOf("/") + 1);
  return last.split(":")[0]!;
}

/** Throws an ImageError when the store has several images that the reference may mean. */
export function resolveImage(reference: string, store: ImageStore): Image {
  const record = store.find(reference);
  if (record) return { kind: "stored", record, id: `sha256:${record.id}` };
  const name = imageName(reference);
  const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (builtIn) return { kind: "built-in", ...builtIn, id: `podwire.dev/${name}` };
  return { kind: "host", id: "podwire.dev/host-root" };
}

/**
 * Why a container cannot run on what its image stands for; undefined when it can. `before` is the imageID of the run
 * before: one on an image of the store does not go on without it.
 */
export function imageProblem(
  container: Container,
  image: Image,
  before: string | undefined,
): ImageProblem | undefined {
  if (image.kind !== "host") return undefined;
  const reference = container.image ?? "";
  const way = `podwire image load FILE (an archive of docker save, or an OCI layout) brings it`;
  if (container.imagePullPolicy === "Never") {
    const message = `Container image "${reference}" is not present with pull policy of Never: ${way}`;
    return { reason: "ErrImageNeverPull", message };
  }
  if (before?.startsWith("sha256:")) {
    const message = `image "${reference}" has been removed since the container ran last: ${way}`;
    return { reason: "ErrImagePull", message };
  }
  if ((container.command?.length ?? 0) > 0) return undefined;
  const message =
    `image "${reference}" is not in the image store, and Podwire pulls no images: ${way}; or ` +
    "set the container's command to run it on the host's root file system, or use an agnhost image";
  return { reason: "ErrImagePull", message };
}

/** A command line, and how many of its words, from the first, are the image's: these are not expanded. */
export interface ImageCommand {
  words: string[];
  ofImage: number;
}

/** `command` replaces the entrypoint and the image's arguments, `args` only the latter. */
export function imageCommand(image: Image, container: Container): ImageCommand {
  const command = container.command ?? [];
  const args = container.args ?? [];
  if (command.length > 0 || image.kind === "host") return { words: [...command, ...args], ofImage: 0 };
  const { entrypoint, defaults } = defaultCommand(image);
  if (args.length > 0) return { words: [...entrypoint, ...args], ofImage: entrypoint.length };
  return { words: [...entrypoint, ...defaults], ofImage: entrypoint.length + defaults.length };
}

function defaultCommand(image: Exclude<Image, { kind: "host" }>): {
  entrypoint: readonly string[];
  defaults: readonly string[];
} {
  if (image.kind === "built-in") return { entrypoint: image.entrypoint, defaults: image.arguments };
  return { entrypoint: image.record.config.entrypoint, defaults: image.record.config.command };
}
