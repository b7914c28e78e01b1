/**
 * All that a run mounts, in order:
 *
 *   root      only where the host lacks a mount point: a root of the container's own, its skeleton on top
 *   mounts    what every container gets, and the pod's own files
 *   points    mount points inside of what was just mounted
 *   volumes   the container's volumeMounts
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ContainerVolumes } from "../volumes/container-volumes.ts";
import { bind, imageMounts, type Mount, mask, SOURCE, standardMounts } from "./fstab.ts";
import { isWithin, PRIVATE_FOLDERS } from "./host-mounts.ts";
import { type MountPoint, makeSkeleton, missingMountPoints } from "./mount-points.ts";
import { AGNHOST_COMMAND, IN_ROOT, OWN_ROOT, PAUSE_COMMAND, type Root } from "./root.ts";

export interface ContainerMounts {
  root: readonly Mount[];
  mounts: readonly Mount[];
  points: readonly MountPoint[];
  volumes: readonly Mount[];
}

export interface ContainerFiles {
  labDir: string;
  podsDir: string;
  podDir: string;
  containerName: string;
  /** The file that the container writes its last words to, and where it sees it. */
  terminationLog: string;
  terminationMessagePath: string;
  volumes: ContainerVolumes;
  /** Its root is an image, on which mount points are made where they are missing. */
  onImage: boolean;
}

/** What the node's root has though the host has not. */
const OF_ROOT = new Set([AGNHOST_COMMAND, PAUSE_COMMAND, "/dev/termination-log", "/dev/shm"]);

export async function containerMounts(files: ContainerFiles, root: Root): Promise<ContainerMounts> {
  const { volumes, terminationMessagePath, onImage } = files;
  const termination: MountPoint = { target: terminationMessagePath, isFolder: false };
  const shadowed = volumes.points.some(({ target }) => isWithin(terminationMessagePath, target));
  const points = [...volumes.points, ...(shadowed ? [] : [termination])];
  const log = bind(inRoot(files, files.terminationLog), terminationMessagePath);
  const last = [...volumes.mounts, ...(shadowed ? [] : [log])];
  if (onImage) return { root: [], mounts: podMounts(files), points: [], volumes: last };
  const missing = missingMountPoints(points, OF_ROOT);
  return {
    root: await ownRoot(files, missing.ofRoot, root),
    mounts: podMounts(files),
    points: missing.ofContainer,
    volumes: last,
  };
}

/** Sources lie in the pods' folder as it is seen during setup. */
function podMounts(files: ContainerFiles): Mount[] {
  const labs = dirname(files.labDir);
  const hidden = PRIVATE_FOLDERS.some(folder => isWithin(labs, folder));
  const ofPod = (name: string): string => inRoot(files, join(files.podDir, name));
  return [
    ...(files.onImage ? imageMounts() : standardMounts()),
    bind(ofPod("shm"), "/dev/shm"),
    ...["hosts", "hostname", "resolv.conf"].map(name => bind(ofPod(join("etc", name)), `/etc/${name}`)),
    // Everything that labs own lies here; under /run and its like, and on an image, it is out of sight already.
    ...(hidden || files.onImage ? [] : [mask(labs)]),
  ];
}

async function ownRoot(files: ContainerFiles, points: readonly MountPoint[], root: Root): Promise<Mount[]> {
  if (points.length === 0) return [];
  const skeleton = join(
    IN_ROOT.memory,
    files.podDir.slice(files.podsDir.length + 1),
    `root of ${files.containerName}`,
  ).replaceAll(" ", "-");
  const folder = await root.path(skeleton);
  rmSync(folder, { recursive: true, force: true });
  makeSkeleton(folder, points);
  const mounted = await root.mountPoints();
  const overlay = (lower: string, target: string): Mount => ({
    source: SOURCE,
    target,
    type: "overlay",
    options: `ro,lowerdir=${lower}`,
  });
  // Host file systems beside the root's that lack a mount point: the skeleton's part goes on top of each.
  const incomplete = mounted.filter(path => points.some(({ target }) => isWithin(target, path)));
  return [
    overlay(`${skeleton}:${IN_ROOT.skeleton}:${IN_ROOT.base}`, OWN_ROOT),
    ...mounted.map(path => ({ ...bind(path, OWN_ROOT + path), options: "rbind" })),
    ...incomplete.map(path => overlay(`${skeleton}${path}:${path}`, OWN_ROOT + path)),
  ];
}

function inRoot({ podsDir }: ContainerFiles, path: string): string {
  return join(IN_ROOT.pods, path.slice(podsDir.length));
}
