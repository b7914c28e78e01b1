/**
 * What an image reference stands for here. `pause` and `agnhost` of any registry and tag are built in; any
 * other image is not pulled: its container runs its `command` on the host's root file system.
 */
import type { Container } from "@podwire/api";
import { AGNHOST_COMMAND, PAUSE_COMMAND } from "../rootfs/root.ts";

export type Image =
  | { kind: "built-in"; entrypoint: readonly string[]; arguments: readonly string[]; id: string }
  | { kind: "host"; id: string };

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

export function resolveImage(reference: string): Image {
  const name = imageName(reference);
  const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (builtIn) return { kind: "built-in", ...builtIn, id: `podwire.dev/${name}` };
  return { kind: "host", id: "podwire.dev/host-root" };
}

/** Why a container's image cannot be run; undefined when it can. What the message of ErrImagePull says. */
export function imageProblem(container: Container): string | undefined {
  const reference = container.image ?? "";
  if (reference === "") return "the container names no image";
  if (resolveImage(reference).kind === "built-in" || (container.command?.length ?? 0) > 0) return undefined;
  return (
    `image "${reference}" is neither pause nor agnhost, and Podwire pulls no images: ` +
    "set the container's command to run it on the host's root file system, or use an agnhost image"
  );
}

/** The command line before expansion: `command` replaces the entrypoint and the image's arguments, `args` only the latter. */
export function imageCommand(image: Image, container: Container): string[] {
  const command = container.command ?? [];
  const args = container.args ?? [];
  if (command.length > 0 || image.kind === "host") return [...command, ...args];
  return [...image.entrypoint, ...(args.length > 0 ? args : image.arguments)];
}
