/**
 * What a container mounts over the node's root (root.ts): one fstab for one run of `mount --all`, so that a
 * container's twenty mounts cost one program start.
 */
import { existsSync } from "node:fs";
import { LIMITS } from "../limits.ts";

export interface Mount {
  source: string;
  target: string;
  type: string;
  options: string;
}

/** Writable, private to the container, gone with it: as the writable layer of an image is. */
const WRITABLE_FOLDERS = {
  "/tmp": "1777",
  "/var/tmp": "1777",
  "/run": "755",
  "/root": "700",
  "/uploads": "1777",
};

/** As the OCI runtime's readonlyPaths and maskedPaths: the kernel's own switches, which no namespace isolates. */
const READ_ONLY_PROC = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const MASKED_FILES = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/sched_debug",
];
const MASKED_FOLDERS = ["/proc/acpi", "/proc/scsi", "/sys/firmware"];

/**
 * `mount --all` skips what it finds mounted already, by source and target: the root's own /proc is, under the
 * name "proc". Under this name nothing is.
 */
export const SOURCE = "podwire-container";

/** A bind mount of a file or folder of the pod. */
export function bind(source: string, target: string): Mount {
  return { source, target, type: "none", options: "bind" };
}

/** An empty, read-only folder in place of what is not for the container to see. */
export function mask(target: string): Mount {
  return { source: SOURCE, target, type: "tmpfs", options: "ro,size=4k,mode=555" };
}

/** The mounts that every container on the host's root gets, in order; the pod's own files come on top of them. */
export function standardMounts(): Mount[] {
  return [...kernelMounts(), ...writableFolders()];
}

/** The same on an image, which has folders of its own and is writable. */
export function imageMounts(): Mount[] {
  return [{ source: "/dev", target: "/dev", type: "none", options: "rbind" }, ...kernelMounts()];
}

function writableFolders(): Mount[] {
  const size = `size=${LIMITS.writableDirectoryBytes}`;
  return Object.entries(WRITABLE_FOLDERS).map(([target, mode]) => ({
    source: SOURCE,
    target,
    type: "tmpfs",
    options: `nosuid,nodev,${size},mode=${mode}`,
  }));
}

function kernelMounts(): Mount[] {
  return [
    { source: SOURCE, target: "/proc", type: "proc", options: "nosuid,nodev,noexec" },
    ...READ_ONLY_PROC.filter(existsSync).map(path => ({ ...bind(path, path), options: "bind,ro" })),
    ...MASKED_FILES.filter(existsSync).map(path => bind("/dev/null", path)),
    // Mounted from inside the pod's network namespace: /sys/class/net shows the pod's devices.
    { source: SOURCE, target: "/sys", type: "sysfs", options: "ro,nosuid,nodev,noexec" },
    ...MASKED_FOLDERS.filter(existsSync).map(mask),
    {
      source: SOURCE,
      target: "/dev/pts",
      type: "devpts",
      options: "nosuid,noexec,ptmxmode=0666,mode=0620,gid=5",
    },
  ];
}

export function fstab(mounts: readonly Mount[]): string {
  return mounts
    .map(
      ({ source, target, type, options }) =>
        `${escapePath(source)} ${escapePath(target)} ${type} ${options} 0 0\n`,
    )
    .join("");
}

function escapePath(path: string): string {
  return path.replace(/[\s\\]/g, character => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
