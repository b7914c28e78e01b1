/**
 * Settings under /proc/sys of a network namespace. /proc/sys/net shows the namespace of the calling thread, so a
 * short setns around a synchronous read or write is all it takes.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { LinuxError } from "./errors.ts";
import { inNamespace } from "./namespace.ts";

/** `writeSysctl(namespace, "net.ipv4.ip_forward", 1)`; a device name with dots is written with slashes. */
export function writeSysctl(namespace: number | undefined, name: string, value: string | number): void {
  inNamespace(namespace, () => {
    try {
      writeFileSync(sysctlPath(name), `${value}\n`);
    } catch (cause) {
      const errno = -((cause as NodeJS.ErrnoException).errno ?? 0);
      throw new LinuxError("write", `sysctl ${name} = ${value}`, errno);
    }
  });
}

export function readSysctl(namespace: number | undefined, name: string): string {
  return inNamespace(namespace, () => {
    try {
      return readFileSync(sysctlPath(name), "latin1").trim();
    } catch (cause) {
      throw new LinuxError("read", `sysctl ${name}`, -((cause as NodeJS.ErrnoException).errno ?? 0));
    }
  });
}

function sysctlPath(name: string): string {
  return `/proc/sys/${name.includes("/") ? name : name.replaceAll(".", "/")}`;
}
