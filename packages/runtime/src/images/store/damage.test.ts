/** Archives damaged at random, and loads killed at any moment: the store is as before, or has the whole image. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { dockerArchive, imageId, ociArchive, sha256, type TestImage } from "../../testing/image-archives.ts";
import { type TestEntry, tar } from "../../testing/tar.ts";
import { ImageStore } from "./store.ts";

const ROUNDS = 1500;
const KILLS = 10;
const LOADER = fileURLToPath(new URL("../../testing/load-image.js", import.meta.url));

const seed = testSeed();

const IMAGE: TestImage = {
  references: ["example.test/damaged:1"],
  layers: [
    tar([
      { name: "etc/" },
      { name: "etc/passwd", data: "root:x:0:0::/:/bin/sh\n" },
      { name: "pax", pax: { path: "a/long/name", "SCHILY.xattr.user.note": "x" }, data: "p" },
      { name: "link", type: "1", link: "etc/passwd" },
      { name: "symbolic", type: "2", link: "/etc" },
    ]),
    tar([{ name: "etc/.wh.passwd" }, { name: "new", data: "n".repeat(2000) }]),
  ],
};

describe("image store and damage", function () {
  this.timeout(120_000);
  let folder: string;
  let store: ImageStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `podwire-damage-${process.pid}-`));
    store = new ImageStore(join(folder, "store"));
    store.make();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Everything in the store, as text to compare. */
  const contents = (): string[] =>
    readdirSync(store.directory, { recursive: true, encoding: "utf8" })
      .sort()
      .map(name => {
        const path = join(store.directory, name);
        return `${name} ${lstatSync(path).isFile() ? sha256(readFileSync(path)) : ""}`;
      });

  it(`a damaged archive is refused with a reason, or loads whole (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const archives = [
      dockerArchive(IMAGE),
      ociArchive(IMAGE, { nested: true }),
      ociArchive(IMAGE, { compress: layer => layer }),
      gzipSync(dockerArchive(IMAGE)),
    ];
    const before = contents();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const archive = damaged(archives[round % archives.length]!, random);
      async function* source(): AsyncGenerator<Buffer> {
        for (let at = 0; at < archive.length; at += 1000) yield archive.subarray(at, at + 1000);
      }
      try {
        for (const { id } of await store.load(source(), "damaged.tar")) await store.remove(id);
      } catch (error) {
        refused++;
        assert.equal((error as Error).name, "ImageError", `round ${round}: ${(error as Error).stack}`);
        assert.match((error as Error).message, /^damaged\.tar|^"/);
      }
      assert.deepEqual(contents(), before, `round ${round}`);
    }
    assert.ok(refused > ROUNDS / 2, `${refused} of ${ROUNDS} were refused`);
  });

  it(`a load that is killed at any moment shows nothing, and the next one cleans up (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const files = Array.from({ length: 1500 }, (_, at): TestEntry => ({ name: `many/${at}`, data: `${at}` }));
    const image = { references: ["example.test/large:1"], layers: [tar(files), tar(files.slice(0, 500))] };
    const path = join(folder, "large.tar");
    writeFileSync(path, dockerArchive(image));
    let unfinished = 0;
    for (let round = 0; round < KILLS; round++) {
      const child = spawn(process.execPath, [LOADER, store.directory, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      // A whole load takes some 200 ms.
      await new Promise(resolve => setTimeout(resolve, random(200)));
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const found = store.find("example.test/large:1");
      if (found) {
        for (const layer of store.layerFolders(found))
          assert.ok(readdirSync(join(layer, "many")).length >= 500);
        await store.remove(found.id);
      } else unfinished++;
    }
    assert.ok(unfinished > 0, "no load was cut short");
    async function* source(): AsyncGenerator<Buffer> {
      yield readFileSync(path);
    }
    await store.load(source(), "large.tar");
    assert.deepEqual(
      store.list().map(each => each.id),
      [imageId(image)],
    );
    assert.equal(store.staged, 0);
    await store.remove("example.test/large:1");
    const names = readdirSync(store.directory, { recursive: true, encoding: "utf8" }).sort();
    assert.deepEqual(names, ["images", "layers", "references", "staging"]);
  });
});

function damaged(archive: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(archive);
  const BLOCK_BYTES = 512;
  switch (random(4)) {
    case 0:
      return bytes.subarray(0, random(bytes.length));
    case 1:
      for (let count = random(8) + 1; count > 0; count--) bytes[random(bytes.length)] = random(256);
      return bytes;
    case 2: {
      // A block in the place of another.
      const [from, to] = [random(bytes.length / BLOCK_BYTES), random(bytes.length / BLOCK_BYTES)];
      bytes.copy(bytes, to * BLOCK_BYTES, from * BLOCK_BYTES, (from + 1) * BLOCK_BYTES);
      return bytes;
    }
    default: {
      const from = random(bytes.length);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random(2000))]);
    }
  }
}
