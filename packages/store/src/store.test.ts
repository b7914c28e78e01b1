/** The shared suite on every backend. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore, openMemoryStore } from "./open.ts";
import { describeStore } from "./testing/store-suite.ts";

describeStore({ name: "memory", open: async bounds => openMemoryStore(bounds), reopen: undefined });

describe("LMDB", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), `podwire-store-${process.pid}-`));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  describeStore({
    name: "LMDB",
    open: bounds => openLmdbStore(directory, bounds),
    reopen: async (store, bounds) => {
      await store.close();
      return openLmdbStore(directory, bounds);
    },
  });
});
