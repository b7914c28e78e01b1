/**
 * hostPath without the host: a node of a lab is no machine of its own, and pods must not write to the one that it
 * shares. What exists on the machine is seen read-only, as everywhere in a container; what does not is made in a
 * folder of the node, which its pods share and which goes with the lab.
 */
import { chmodSync, mkdirSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { HostPathVolumeSource } from "@podwire/api";
import { isWithin, PRIVATE_FOLDERS } from "../rootfs/host-mounts.ts";
import { IN_ROOT } from "../rootfs/root.ts";
import type { VolumePlace } from "./pod-volumes.ts";

/** `nodeHost` is the node's own folder. Throws in the words of the kubelet's type check. */
export function resolveHostPath(nodeHost: string, { path, type = "" }: HostPathVolumeSource): VolumePlace {
  const normal = normalize(path).replace(/(.)\/$/, "$1");
  if (!normal.startsWith("/") || normal.split("/").includes("..")) {
    throw new Error(`hostPath type check failed: ${path} must be absolute, without ".."`);
  }
  const own = join(nodeHost, normal);
  const found = statSync(own, { throwIfNoEntry: false });
  if (found) return checked(own, join(IN_ROOT.host, normal), found, path, type, false);
  // The machine's own /tmp, /run and their like are out of sight in every container.
  const isPrivate =
    PRIVATE_FOLDERS.some(folder => isWithin(normal, folder)) && !/^\/(proc|sys|dev)(\/|$)/.test(normal);
  const onMachine = isPrivate ? undefined : statSync(normal, { throwIfNoEntry: false });
  if (onMachine) return checked(normal, normal, onMachine, path, type, true);
  if (type === "FileOrCreate") {
    // As upstream: the parent folder is not made for a file.
    if (!statSync(dirname(own), { throwIfNoEntry: false })) mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, "", { mode: 0o644 });
    return { path: own, inRoot: join(IN_ROOT.host, normal), isFolder: false, readOnly: false };
  }
  if (type !== "" && type !== "DirectoryOrCreate") throw failed(path, type);
  mkdirSync(own, { recursive: true });
  chmodSync(own, 0o755);
  return { path: own, inRoot: join(IN_ROOT.host, normal), isFolder: true, readOnly: false };
}

const KINDS: Record<string, { name: string; holds(found: Stats): boolean }> = {
  Directory: { name: "directory", holds: found => found.isDirectory() },
  DirectoryOrCreate: { name: "directory", holds: found => found.isDirectory() },
  File: { name: "file", holds: found => found.isFile() },
  FileOrCreate: { name: "file", holds: found => found.isFile() },
  Socket: { name: "socket file", holds: found => found.isSocket() },
  CharDevice: { name: "character device", holds: found => found.isCharacterDevice() },
  BlockDevice: { name: "block device", holds: found => found.isBlockDevice() },
};

function checked(
  path: string,
  inRoot: string,
  found: Stats,
  asked: string,
  type: string,
  readOnly: boolean,
): VolumePlace {
  if (type !== "" && !KINDS[type]?.holds(found)) throw failed(asked, type);
  return { path, inRoot, isFolder: found.isDirectory(), readOnly };
}

function failed(path: string, type: string): Error {
  return new Error(`hostPath type check failed: ${path} is not a ${KINDS[type]?.name ?? type}`);
}
