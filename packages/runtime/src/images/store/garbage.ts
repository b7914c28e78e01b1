/** Takes away what nothing points at: what dead loads have left, and layers of no image. Call it under the lock. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "../../process/identity.ts";
import { names, type StoreLayout, shortDiffID } from "./layout.ts";

export function removeGarbage(store: StoreLayout): void {
  for (const name of names(store.staging)) {
    const [, pid, startTicks] = /^(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid && startTicks && isRunning({ pid: Number(pid), startTicks })) continue;
    rmSync(join(store.staging, name), { recursive: true, force: true });
  }
  const wanted = new Set(store.readImages().flatMap(image => image.config.diffIDs.map(shortDiffID)));
  // A record first: a folder without one counts for nothing, however much of it is left.
  const layers = names(store.layers).sort((a, b) => b.length - a.length);
  for (const name of layers) {
    if (wanted.has(name.replace(/\.json$/, ""))) continue;
    rmSync(join(store.layers, name), { recursive: true, force: true });
  }
  for (const folder of [store.images, store.references]) {
    for (const name of names(folder).filter(each => each.endsWith(".tmp"))) rmSync(join(folder, name));
  }
  for (const tag of store.readTags())
    if (!store.readImage(tag.id)) rmSync(store.tag(tag.reference), { force: true });
}
