/**
 * From a container's volumeMounts to mounts, outermost first: `subPath` and `subPathExpr` looked up, mount points that
 * lie inside of another volume made there. Throws with the field's name, or the kubelet's words.
 */
import { lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Container, VolumeMount } from "@podwire/api";
import { expandStrictly } from "../pod/expand.ts";
import { bind, type Mount } from "../rootfs/fstab.ts";
import { isWithin } from "../rootfs/host-mounts.ts";
import type { MountPoint } from "../rootfs/mount-points.ts";
import type { VolumePlace } from "./pod-volumes.ts";
import { resolveSubPath } from "./sub-path.ts";

export interface ContainerVolumes {
  mounts: Mount[];
  /** Those that the root has to have. */
  points: MountPoint[];
}

interface Placed {
  mount: VolumeMount;
  target: string;
  place: VolumePlace;
}

export function containerVolumes(
  container: Container,
  placeOf: (volume: string) => VolumePlace | undefined,
  variables: ReadonlyMap<string, string>,
): ContainerVolumes {
  const placed = (container.volumeMounts ?? [])
    .map(mount => place(container, mount, placeOf, variables))
    .sort((a, b) => depth(a.target) - depth(b.target));
  const points: MountPoint[] = [];
  for (const { target, place } of placed) {
    const outer = placed.findLast(other => other.target !== target && isWithin(target, other.target));
    if (!outer) points.push({ target, isFolder: place.isFolder });
    else if (outer.place.isFolder) makeInside(outer, target, place.isFolder);
  }
  const mounts = placed.map(({ target, place }) => ({
    ...bind(place.inRoot, target),
    options: place.readOnly ? "bind,ro" : "bind",
  }));
  return { mounts, points };
}

function place(
  container: Container,
  mount: VolumeMount,
  placeOf: (volume: string) => VolumePlace | undefined,
  variables: ReadonlyMap<string, string>,
): Placed {
  const field = `container ${container.name}: volumeMounts "${mount.name}"`;
  const volume = placeOf(mount.name);
  if (!volume) throw new Error(`${field}: the Pod has no volume of that name`);
  const target = normalize(join("/", mount.mountPath)).replace(/(.)\/$/, "$1");
  if (target === "/") throw new Error(`${field}: mountPath must not be "/"`);
  const readOnly = volume.readOnly || (mount.readOnly ?? false);
  const expression = mount.subPathExpr && expandStrictly(mount.subPathExpr, name => variables.get(name));
  const subPath = mount.subPath || expression;
  if (!subPath) return { mount, target, place: { ...volume, readOnly } };
  try {
    const { path, isFolder } = resolveSubPath(volume.path, subPath);
    const inside = { path: join(volume.path, path), inRoot: join(volume.inRoot, path), isFolder, readOnly };
    return { mount, target, place: inside };
  } catch (cause) {
    throw new Error(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ` +
        (cause as Error).message,
    );
  }
}

/** The mount point of a volume inside of another one, as container runtimes make it. */
function makeInside(outer: Placed, target: string, isFolder: boolean): void {
  const inside = join(outer.place.path, target.slice(outer.target.length));
  if (lstatSync(inside, { throwIfNoEntry: false })) return;
  mkdirSync(isFolder ? inside : dirname(inside), { recursive: true });
  if (!isFolder) writeFileSync(inside, "");
}

function depth(path: string): number {
  return path.split("/").length;
}
