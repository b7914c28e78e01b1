/**
 * Which of the host's mounts a container sees. The root file system alone would miss a /usr, /home or /opt on a
 * file system of its own; the kernel's pseudo file systems and what is private to each container stay out.
 */
import { readFileSync, statSync } from "node:fs";

/** Private to each container, or made anew for it: nothing of the host's shows there. */
export const PRIVATE_FOLDERS = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/root",
  "/uploads",
] as const;

const PSEUDO_FILE_SYSTEMS = new Set(
  `autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs
   proc pstore ramfs rpc_pipefs securityfs selinuxfs sysfs tracefs`.split(/\s+/),
);

/** Mount points below / to show, parents first. `mountinfo` as proc(5) describes it. */
export function hostMounts(mountinfo: string, isFolder: (path: string) => boolean): string[] {
  const paths = new Set<string>();
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const path = unescapePath(before?.split(" ")[4] ?? "");
    const type = after?.split(" ")[0];
    if (!type || path === "/" || PSEUDO_FILE_SYSTEMS.has(type) || type.startsWith("fuse.")) continue;
    if (PRIVATE_FOLDERS.some(folder => isWithin(path, folder)) || !isFolder(path)) continue;
    paths.add(path);
  }
  return [...paths].sort();
}

export function readHostMounts(): string[] {
  return hostMounts(readFileSync("/proc/self/mountinfo", "utf8"), path => {
    try {
      return statSync(path).isDirectory();
    } catch {
      return false;
    }
  });
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** mountinfo writes space, tab, newline and backslash as octal escapes. */
export function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
