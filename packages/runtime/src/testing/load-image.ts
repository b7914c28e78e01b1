/** Loads an archive into a store as a process that can be killed; says so when it begins. */
import { createReadStream, writeSync } from "node:fs";
import { ImageStore } from "../images/store/store.ts";

const [store, archive] = process.argv.slice(2) as [string, string];
writeSync(1, "begins\n");
await new ImageStore(store).load(createReadStream(archive), archive);
