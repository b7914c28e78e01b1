/**
 * A process to be killed: writes to a store as fast as it can, several writers at once, and says on standard
 * output what has been acknowledged: `key revision value`.
 */
import { writeSync } from "node:fs";
import { openLmdbStore } from "../open.ts";

const WRITERS = 8;
const [directory = ""] = process.argv.slice(2);
const store = await openLmdbStore(directory, { maxRevisions: 200 });

async function writer(name: number): Promise<void> {
  const key = `/k/${name}`;
  for (let count = 0; ; count++) {
    const expected = (await store.get(key))?.revision ?? 0;
    const value = `${count}-${"x".repeat(count % 700)}`;
    const { revision } = await store.put(key, value, expected);
    writeSync(1, `${key} ${revision} ${value}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, name) => writer(name)));
