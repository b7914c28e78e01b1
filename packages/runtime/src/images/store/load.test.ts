/** Archives into the store: every layout, everything that is wrong with one, and what a failed load leaves. */
import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { getXattr } from "@podwire/linux";
import {
  configOf,
  dockerArchive,
  imageId,
  OWN_ARCHITECTURE,
  ociArchive,
  sha256,
  type TestImage,
} from "../../testing/image-archives.ts";
import { entryBytes, gnuLongName, type TestEntry, tar } from "../../testing/tar.ts";
import { ImageStore } from "./store.ts";

async function* pieces(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const layer = (...entries: TestEntry[]): Buffer => tar([{ name: "etc/" }, ...entries]);

const SMALL: TestImage = {
  references: ["example.test/small:1"],
  layers: [layer({ name: "etc/one", data: "1" }), layer({ name: "etc/two", data: "2" })],
};

describe("image store", function () {
  this.timeout(30_000);
  let folder: string;
  let store: ImageStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `podwire-store-${process.pid}-`));
    store = new ImageStore(join(folder, "store"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (archive: Buffer) => store.load(pieces(archive), "a.tar");
  /** Everything in the store, as text to compare. */
  const contents = (): string[] => {
    const names = readdirSync(store.directory, { recursive: true, encoding: "utf8" }).sort();
    return names.map(name => {
      const stats = lstatSync(join(store.directory, name));
      return `${name} ${stats.mode} ${stats.isFile() ? sha256(readFileSync(join(store.directory, name))) : ""}`;
    });
  };
  /** A file of the image's only layer. */
  const unpacked = async (...entries: TestEntry[]): Promise<string> => {
    const image = { references: ["example.test/one:1"], layers: [tar(entries)] };
    await load(dockerArchive(image));
    return store.layerFolders(store.find("example.test/one:1")!)[0]!;
  };

  it("takes docker-archives and OCI layouts, plain and compressed, into the same image", async () => {
    const archives: Record<string, Buffer> = {
      docker: dockerArchive(SMALL),
      "docker, compressed": gzipSync(dockerArchive(SMALL)),
      "docker, zstd": zstdFrame(dockerArchive(SMALL)),
      "OCI, gzip": ociArchive(SMALL),
      "OCI, plain": ociArchive(SMALL, { compress: bytes => bytes }),
      "OCI, zstd": ociArchive(SMALL, { compress: zstdFrame }),
      "OCI, nested index": ociArchive(SMALL, { nested: true }),
      "OCI, other annotation": ociArchive(SMALL, { annotation: "org.opencontainers.image.ref.name" }),
      "OCI, of several platforms": ociArchive(SMALL, { others: [{ ...SMALL, architecture: "riscv64" }] }),
    };
    for (const [name, archive] of Object.entries(archives)) {
      const loaded = await load(archive);
      assert.deepEqual(loaded, [{ id: imageId(SMALL), references: ["example.test/small:1"] }], name);
      const [image] = store.list();
      assert.deepEqual([image!.id, image!.bytes], [imageId(SMALL), 2], name);
      const folders = store.layerFolders(image!);
      assert.equal(readFileSync(join(folders[0]!, "etc/two"), "utf8"), "2", name);
      await store.remove("example.test/small:1");
      assert.deepEqual(
        contents().map(line => line.split(" ")[0]),
        ["images", "layers", "references", "staging"],
        name,
      );
    }
  });

  it("keeps owners, modes, times, links, long names and attributes; makes whiteouts overlayfs's", async () => {
    const long = `deep/${"n".repeat(120)}`;
    const capability = Buffer.from("0100000280200000000000000000000000000000", "hex");
    const at = await unpacked(
      { name: "./", mode: 0o700 },
      { name: "suid", mode: 0o4755, uid: 1000, gid: 2000, mtime: 1_600_000_000, data: "x" },
      { name: "link", type: "1", link: "/suid" },
      { name: "absolute", type: "2", link: "/etc/passwd", uid: 7 },
      { name: "pipe", type: "6" },
      { name: "dev/" },
      { name: "dev/null", type: "3" },
      { name: "pax", pax: { path: "deep/päx", "SCHILY.xattr.security.capability": capability }, data: "p" },
      { name: "big", pax: { uid: "3000000", mtime: "1500000000.5" } },
      { name: "gone/.wh.file" },
      { name: "opaque/" },
      { name: "opaque/.wh..wh..opq" },
      { name: "again/.wh.both" },
      { name: "again/both/" },
      { name: "twice", data: "first" },
      { name: "twice", data: "second" },
    );
    const stat = (name: string) => lstatSync(join(at, name));
    const { mode, uid, gid, mtimeMs, nlink, ino } = stat("suid");
    assert.deepEqual(
      [mode & 0o7777, uid, gid, mtimeMs / 1000, nlink],
      [0o4755, 1000, 2000, 1_600_000_000, 2],
    );
    assert.equal(stat("link").ino, ino);
    assert.equal(statSync(at).mode & 0o7777, 0o700);
    assert.deepEqual([readlinkSync(join(at, "absolute")), stat("absolute").uid], ["/etc/passwd", 7]);
    assert.ok(stat("pipe").isFIFO());
    assert.deepEqual(readdirSync(join(at, "dev")), []);
    assert.deepEqual(getXattr(join(at, "deep/päx"), "security.capability"), capability);
    assert.deepEqual([stat("big").uid, stat("big").mtimeMs], [3_000_000, 1_500_000_000_500]);
    assert.ok(stat("gone/file").isCharacterDevice() && stat("gone/file").rdev === 0);
    for (const name of ["opaque", "again/both"]) {
      assert.equal(getXattr(join(at, name), "trusted.overlay.opaque")?.toString(), "y");
    }
    assert.deepEqual(readdirSync(join(at, "again")), ["both"]);
    assert.equal(readFileSync(join(at, "twice"), "utf8"), "second");
    const gnu = Buffer.concat([
      gnuLongName(long),
      entryBytes({ name: "short", data: "g" }),
      Buffer.alloc(1024),
    ]);
    await load(dockerArchive({ references: ["example.test/gnu"], layers: [gnu] }));
    const [top] = store.layerFolders(store.find("example.test/gnu")!);
    assert.equal(readFileSync(join(top!, long), "utf8"), "g");
  });

  it("refuses what is wrong, says what, and leaves nothing", async () => {
    await load(dockerArchive(SMALL));
    const before = contents();
    const docker = dockerArchive(SMALL);
    const inLayer = (...entries: TestEntry[]) => dockerArchive({ layers: [tar(entries)] });
    const files = (list: Record<string, string | Buffer>) =>
      tar(Object.entries(list).map(([name, data]) => ({ name, data })));
    const manifest = (more: object) =>
      files({ "manifest.json": JSON.stringify([{ Config: "c.json", RepoTags: null, Layers: [], ...more }]) });
    const fresh = { layers: [layer({ name: "etc/fresh" })] };
    const otherLayers = fresh.layers.map(bytes => Buffer.concat([bytes, Buffer.alloc(512)]));
    const wrong: Record<string, [Buffer, RegExp]> = {
      "nothing at all": [Buffer.alloc(0), /a\.tar: it is empty, or no tar archive/],
      "no tar": [Buffer.from("x".repeat(600)), /a\.tar: at byte 0: this is no tar header/],
      "cut short": [docker.subarray(0, docker.length - 4000), /truncated/],
      "cut in gzip": [gzipSync(docker).subarray(0, 300), /a\.tar: the gzip data is damaged or truncated/],
      "cut in zstd": [zstdFrame(docker).subarray(0, 700), /a\.tar: the zstd data is damaged or truncated/],
      "another archive": [
        files({ readme: "x" }),
        /neither manifest\.json .* nor index\.json .*no image archive/,
      ],
      "not JSON": [files({ "manifest.json": "{" }), /manifest\.json: it is not JSON/],
      "no list": [files({ "manifest.json": "{}" }), /manifest\.json: it lists no image/],
      "missing config": [manifest({}), /a\.tar: c\.json is missing/],
      "file twice": [tar([{ name: "a" }, { name: "./a" }]), /"\.\/a": it is there twice/],
      "climbing name": [tar([{ name: "../a" }]), /"\.\.\/a": its name climbs out with "\.\."/],
      "wrong diffID": [
        dockerArchiveOf(configOf(fresh), otherLayers),
        /layer 0\/layer\.tar \(without compression\): wrong digest: sha256:[0-9a-f]{64} instead of/,
      ],
      "wrong blob": [flipped(ociArchive(SMALL), 3 * 512 + 10), /wrong digest/],
      "another machine": [
        ociArchive({ ...SMALL, architecture: "riscv64" }),
        new RegExp(`no image for linux/${OWN_ARCHITECTURE} is in it; it has linux/riscv64`),
      ],
      "bad name": [
        dockerArchive({ ...SMALL, references: ["UPPER"] }),
        /"UPPER" is no image reference: .*lower case/,
      ],
      "entry climbs": [inLayer({ name: "a/../../b" }), /"a\/\.\.\/\.\.\/b": its name climbs out/],
      "below a symlink": [
        inLayer({ name: "l", type: "2", link: "/etc" }, { name: "l/passwd", data: "x" }),
        /"l\/passwd": it lies below the symbolic link "l"/,
      ],
      "hard link out": [
        inLayer({ name: "l", type: "1", link: "../../etc/shadow" }),
        /its target .* climbs out/,
      ],
      "hard link to nothing": [
        inLayer({ name: "l", type: "1", link: "/etc/shadow" }),
        /which is no file of the layer/,
      ],
      "hard link through a symlink": [
        inLayer({ name: "s", type: "2", link: "/etc" }, { name: "l", type: "1", link: "s/shadow" }),
        /"l": it lies below the symbolic link "s"/,
      ],
      "device node": [inLayer({ name: "disk", type: "4" }), /"disk": a block device node: not allowed/],
      "sparse file": [inLayer({ name: "s", type: "S" }), /"s": an entry of type "S": not supported/],
      "pax sparse": [
        inLayer({ name: "s", pax: { "GNU.sparse.major": "1" } }),
        /a sparse file: not supported/,
      ],
      "broken pax": [tar([{ name: "p", type: "x", data: "99 path=x\n" }]), /a pax header is malformed/],
      "large pax": [
        tar([{ name: "p", type: "x", size: 1 << 30, data: "" }]),
        /an extended header of 1073741824 bytes; at most 1048576 are allowed/,
      ],
      "huge entry": [
        tar([{ name: "h", pax: { size: "70000000000" } }]),
        /"h": the archive holds more than 64 GiB/,
      ],
      bomb: [
        inLayer({ name: "h", pax: { size: "70000000000" } }),
        /"h": the image unpacks to more than 64 GiB/,
      ],
      "name too long": [inLayer({ name: "p", pax: { path: "n".repeat(300) } }), /its name is too long/],
      "not UTF-8": [inLayer({ name: "p", pax: { path: Buffer.from([0x66, 0xff]) } }), /is not UTF-8/],
      "no layers": [dockerArchive({ layers: [] }), /it has no layers/],
    };
    for (const [name, [archive, message]] of Object.entries(wrong)) {
      await assert.rejects(
        load(Buffer.from(archive)),
        (error: Error) => {
          assert.equal(error.name, "ImageError", `${name}: ${error.stack}`);
          assert.match(error.message, message, name);
          return true;
        },
        name,
      );
      assert.deepEqual(contents(), before, name);
    }
  });

  it("finds by every form of a name; says when it may mean several", async () => {
    const image = (reference: string, data: string) => ({
      references: [reference],
      layers: [layer({ name: data })],
    });
    await load(dockerArchive(image("web:1", "a"), image("example.test/team/app:2", "b")));
    await load(ociArchive(image("other.test/library/cache", "c"), { nested: true }));
    const id = (text: string) => store.find(text)?.id;
    const [web, app, cache] = [
      image("web:1", "a"),
      image("example.test/team/app:2", "b"),
      image("cache", "c"),
    ].map(imageId);
    for (const text of ["web:1", "anywhere.test/library/web:1", `sha256:${web}`, `web@sha256:${web}`]) {
      assert.equal(id(text), web, text);
    }
    for (const text of ["web", "other.test/web:1", "team/web:1", "library/web/x:1"])
      assert.equal(id(text), undefined, text);
    for (const text of ["example.test/team/app:2", "team/app:2"]) assert.equal(id(text), app, text);
    assert.equal(id("other.test:5000/team/app:2"), undefined);
    for (const text of ["cache", "cache:latest", "library/cache", "another.test/library/cache:latest"]) {
      assert.equal(id(text), cache, text);
    }
    const digest = store.list().find(each => each.id === cache)!.digests[0]!;
    assert.equal(id(`cache@${digest}`), cache);
    await load(dockerArchive(image("third.test/team/app:2", "d")));
    assert.throws(() => id("team/app:2"), /may mean example\.test\/team\/app:2 or third\.test\/team\/app:2/);
  });

  it("removes by name, by ID and by its beginning; layers go with their last image", async () => {
    const shared = layer({ name: "shared" });
    const [a, b] = ["a", "b"].map(name => ({
      references: [`example.test/${name}:1`, `example.test/${name}:2`],
      layers: [shared, layer({ name })],
    }));
    await load(dockerArchive(a!, b!));
    const layers = () =>
      readdirSync(join(store.directory, "layers")).filter(name => !name.endsWith(".json")).length;
    assert.equal(layers(), 3);
    assert.deepEqual(await store.remove("a:1"), { untagged: ["example.test/a:1"], deleted: [] });
    assert.deepEqual(await store.remove("a:2"), { untagged: ["example.test/a:2"], deleted: [imageId(a!)] });
    assert.equal(layers(), 2);
    await assert.rejects(store.remove("a:2"), /a:2: no such image/);
    const removed = await store.remove(imageId(b!).slice(0, 8));
    assert.deepEqual(removed, { untagged: b!.references, deleted: [imageId(b!)] });
    assert.equal(layers(), 0);
  });

  it("moves a name to the image loaded last, and keeps the one before without it", async () => {
    await load(dockerArchive(SMALL));
    const newer = { ...SMALL, layers: [SMALL.layers[0]!] };
    await load(dockerArchive(newer));
    assert.equal(store.find("example.test/small:1")!.id, imageId(newer));
    assert.deepEqual(
      store.list().map(image => [image.id, image.references]),
      [
        [imageId(newer), ["example.test/small:1"]],
        [imageId(SMALL), []],
      ],
    );
  });

  it("takes loads of the same image at once", async () => {
    const archive = dockerArchive(SMALL);
    await Promise.all(Array.from({ length: 6 }, () => store.load(pieces(archive, 100), "a.tar")));
    assert.equal(store.list().length, 1);
    assert.equal(store.staged, 0);
  });
});

/** One raw block a frame (RFC 8878 §3.1.1): compression that compresses nothing. */
function zstdFrame(data: Buffer): Buffer {
  const LONGEST_BLOCK = 128 * 1024;
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), Buffer.alloc(4)];
  parts[1]!.writeUInt32LE(data.length);
  for (let at = 0; at < data.length; at += LONGEST_BLOCK) {
    const block = data.subarray(at, at + LONGEST_BLOCK);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + LONGEST_BLOCK >= data.length ? 1 : 0), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

function dockerArchiveOf(config: string, layers: readonly Buffer[]): Buffer {
  const names = layers.map((_, index) => `${index}/layer.tar`);
  const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: null, Layers: names }];
  return tar([
    { name: `${sha256(config)}.json`, data: config },
    ...layers.map((data, index) => ({ name: names[index]!, data })),
    { name: "manifest.json", data: JSON.stringify(manifest) },
  ]);
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}
