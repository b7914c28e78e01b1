/**
 * Which layers containers run on: those that overlay mounts of any process name. Asked of the kernel, so that it
 * holds for every lab of the machine and needs no record that could outlive a crash.
 */
import { readdirSync, readFileSync } from "node:fs";
import { namespaceOf } from "../../process/identity.ts";

/** Short diffIDs. Reads the mounts of each mount namespace once. */
export function layersInUse(): Set<string> {
  const seen = new Set<number>();
  const layers = new Set<string>();
  for (const name of readdirSync("/proc").filter(each => /^\d+$/.test(each))) {
    const namespace = namespaceOf(Number(name), "mnt");
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    for (const layer of layersOf(mountinfo(name))) layers.add(layer);
  }
  return layers;
}

function layersOf(text: string): string[] {
  const overlays = text.split("\n").filter(line => line.includes(" - overlay "));
  const lower = overlays.flatMap(line => /[ ,]lowerdir=([^ ,]*)/.exec(line)?.[1]?.split(":") ?? []);
  return lower.map(path => path.slice(path.lastIndexOf("/") + 1));
}

function mountinfo(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}
