/** Mounts below a lab's directory, in this mount namespace; those of containers die with their own. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { LabError } from "../errors.ts";

/** Mount points at or below `directory`, the deepest first. */
export function mountsBelow(directory: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const points = lines.flatMap(line => line.split(" ")[4] ?? []).map(unescapePath);
  return points.filter(point => point === directory || point.startsWith(`${directory}/`)).reverse();
}

/** Throws when one stays: removing the directory would then remove what is mounted. */
export function unmountBelow(directory: string): void {
  for (const point of mountsBelow(directory)) spawnSync("umount", ["--lazy", point], { stdio: "ignore" });
  const [left] = mountsBelow(directory);
  if (left) throw new LabError(`${left} is still mounted: unmount it (umount ${left}), then run down again`);
}

/** mountinfo writes space, tab, newline and backslash in octal (proc(5)). */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
