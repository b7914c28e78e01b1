/**
 * What a container's root may do. Containers run as root of the host's user namespace, so the bounding set is
 * what keeps them out of the host: containerd's default set, less MKNOD (a device node would open the host's
 * disks; there is no device cgroup here) and plus nothing. NET_RAW stays, so ping works; NET_ADMIN,
 * SYS_ADMIN, SYS_PTRACE, SYS_MODULE, SYS_BOOT, SYS_TIME and the rest are gone.
 */
import type { Capabilities } from "@podwire/api";

const DEFAULT = [
  "audit_write",
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "net_bind_service",
  "net_raw",
  "setfcap",
  "setgid",
  "setpcap",
  "setuid",
  "sys_chroot",
];

/** What `securityContext.capabilities.add` may name: what stays inside the pod's own namespaces. */
const GRANTABLE = new Set([
  ...DEFAULT,
  "ipc_lock",
  "ipc_owner",
  "net_admin",
  "net_broadcast",
  "sys_nice",
  "sys_ptrace",
]);

/** Numbers of those that a container may have: include/uapi/linux/capability.h. */
const NUMBERS: Record<string, number> = {
  chown: 0,
  dac_override: 1,
  fowner: 3,
  fsetid: 4,
  kill: 5,
  setgid: 6,
  setuid: 7,
  setpcap: 8,
  net_bind_service: 10,
  net_broadcast: 11,
  net_admin: 12,
  net_raw: 13,
  ipc_lock: 14,
  ipc_owner: 15,
  sys_chroot: 18,
  sys_ptrace: 19,
  sys_nice: 23,
  audit_write: 29,
  setfcap: 31,
};

/** Argument of `setpriv --bounding-set`. Throws on a capability that would reach beyond the pod. */
export function boundingSet(capabilities: Capabilities | undefined): string {
  const names = (list: readonly string[] | undefined): string[] =>
    (list ?? []).map(name => name.toLowerCase().replace(/^cap_/, ""));
  const dropped = new Set(names(capabilities?.drop));
  const added = names(capabilities?.add);
  const kept = new Set(dropped.has("all") ? [] : DEFAULT.filter(name => !dropped.has(name)));
  for (const name of added) {
    const granted = name === "all" ? [...GRANTABLE] : [name];
    if (!granted.every(one => GRANTABLE.has(one))) {
      throw new Error(
        `securityContext.capabilities.add: ${name.toUpperCase()} would reach the host; ` +
          `allowed are ${[...GRANTABLE].map(one => one.toUpperCase()).join(", ")}`,
      );
    }
    for (const one of granted) if (!dropped.has(one)) kept.add(one);
  }
  return ["-all", ...[...kept].sort().map(name => `+${name}`)].join(",");
}

/** The numbers of the capabilities that a bounding set (as above) keeps. */
export function keptCapabilities(set: string): Set<number> {
  const kept = set.split(",").filter(word => word.startsWith("+"));
  return new Set(kept.map(word => NUMBERS[word.slice(1)]!));
}
