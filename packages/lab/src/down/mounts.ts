/**
 * Mounts of a lab. Those below its directory in this mount namespace are undone; those of containers, which show
 * parts of the directory in namespaces of their own, die with them, and tell whose they are.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { LabError } from "../errors.ts";

/** A line of /proc/PID/mountinfo (proc(5)). */
interface Mount {
  readonly device: string;
  /** The part of the file system that is mounted. */
  readonly root: string;
  readonly point: string;
}

/** Throws when one stays: removing the directory would then remove what is mounted. */
export function unmountBelow(directory: string): void {
  for (const point of mountPointsBelow(directory))
    spawnSync("umount", ["--lazy", point], { stdio: "ignore" });
  const [left] = mountPointsBelow(directory);
  if (left) throw new LabError(`${left} is still mounted: unmount it (umount ${left}), then run down again`);
}

/** The deepest first. */
function mountPointsBelow(directory: string): string[] {
  const points = readMounts("self").map(mount => mount.point);
  return points.filter(point => isWithin(point, directory)).reverse();
}

/**
 * Tells of a process whether it lives in a mount namespace, other than this one and init's, into which something
 * from below `directory` is mounted. Each namespace is read once.
 */
export function mountsFrom(directory: string): (pid: number, mountNamespace: number | undefined) => boolean {
  const { device, root } = locate(directory);
  const known = new Map<number, boolean>();
  return (pid, namespace) => {
    if (namespace === undefined) return false;
    const found =
      known.get(namespace) ??
      readMounts(pid).some(
        mount => mount.device === device && mount.root !== root && isWithin(mount.root, root),
      );
    known.set(namespace, found);
    return found;
  };
}

/** Where a path lies in its file system; the path itself need not exist any more. */
function locate(path: string): { device: string; root: string } {
  const mounts = readMounts("self").filter(mount => isWithin(path, mount.point));
  const nearest = mounts.reduce((best, mount) => (mount.point.length >= best.point.length ? mount : best));
  const rest = nearest.point === "/" ? path : path.slice(nearest.point.length);
  return { device: nearest.device, root: `${nearest.root.replace(/\/$/, "")}${rest}` };
}

function readMounts(pid: number | "self"): Mount[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    return []; // gone meanwhile
  }
  return text.split("\n").flatMap(line => {
    const [, , device, root, point] = line.split(" ");
    return point === undefined ? [] : [{ device: device!, root: plain(root!), point: plain(point) }];
  });
}

/** mountinfo writes space, tab, newline and backslash in octal, and marks roots that were removed. */
function plain(text: string): string {
  const path = text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return path.replace(/\/\/deleted$/, "");
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
