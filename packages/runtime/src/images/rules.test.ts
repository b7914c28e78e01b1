import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWhiteout, setXattr } from "@podwire/linux";
import { imageUser } from "./image-user.ts";
import { readMergedFile } from "./merged-file.ts";
import { formatReference, parseReference } from "./reference.ts";
import { stopSignalNumber } from "./stop-signal.ts";

describe("rules of images", () => {
  it("gives names that mean the same one normal form", () => {
    const table: [text: string, normal: string][] = [
      ["web", "web:latest"],
      ["web:1.2_3-x", "web:1.2_3-x"],
      ["library/web", "web:latest"],
      ["registry.test/library/web:1", "web:1"],
      ["registry.test/library/team/web:1", "registry.test/library/team/web:1"],
      ["team/web", "team/web:latest"],
      ["localhost/web", "localhost/web:latest"],
      ["host:5000/a/b.c__d", "host:5000/a/b.c__d:latest"],
      ["[fd00::1]:5000/a", "[fd00::1]:5000/a:latest"],
      [`web@sha256:${"a".repeat(64)}`, "web"],
    ];
    for (const [text, normal] of table) assert.equal(formatReference(parseReference(text)), normal, text);
    for (const text of [
      "",
      "Web",
      "a//b",
      "a:",
      ":1",
      "-a",
      "a@sha256:1",
      "a@b@c",
      "a b",
      "a/../b",
      "x".repeat(300),
    ]) {
      assert.throws(() => parseReference(text), /is no image reference: /, text);
    }
  });

  it("finds users, groups and homes as container runtimes do", () => {
    const files = {
      passwd:
        "root:x:0:0:root:/root:/bin/sh\nweb:x:10:20::/home/web:\n# comment\n12345:x:77:88::/odd:\nbad:x:y:z\n",
      group: "root:x:0:\nweb:x:20:\nmore:x:30:web,root\nothers:x:40:other\n",
    };
    const of = (user: string) => Object.values(imageUser(user, files));
    assert.deepEqual(of(""), [0, 0, [30], "/root"]);
    assert.deepEqual(of("web"), [10, 20, [30], "/home/web"]);
    assert.deepEqual(of("10"), [10, 20, [30], "/home/web"]);
    assert.deepEqual(of("web:others"), [10, 40, [30], "/home/web"]);
    assert.deepEqual(of("web:55"), [10, 55, [30], "/home/web"]);
    assert.deepEqual(of("99"), [99, 0, [], "/"]);
    assert.deepEqual(of("12345"), [77, 88, [], "/odd"]);
    assert.throws(() => of("nobody"), /unable to find user nobody: no matching entries in passwd file/);
    assert.throws(() => of("web:none"), /unable to find group none: no matching entries in group file/);
    assert.throws(() => of("99999999999"), /unable to find user/);
  });

  it("knows signals by every name that images use", () => {
    const table: [text: string, number: number | undefined][] = [
      ["SIGQUIT", 3],
      ["quit", 3],
      ["9", 9],
      ["SIGRTMIN+3", 37],
      ["RTMAX-1", 63],
      ["SIGNONE", undefined],
      ["0", undefined],
      ["constructor", undefined],
    ];
    for (const [text, number] of table) assert.equal(stopSignalNumber(text), number, text);
  });

  it("reads a file through layers, links, whiteouts and opaque folders", () => {
    const folder = mkdtempSync(join(tmpdir(), `podwire-merged-${process.pid}-`));
    try {
      const layers = ["top", "middle", "bottom"].map(name => join(folder, name));
      const [top, middle, bottom] = layers as [string, string, string];
      for (const layer of layers)
        for (const name of ["etc", "opaque"]) mkdirSync(join(layer, name), { recursive: true });
      const put = (layer: string, name: string) =>
        writeFileSync(join(layer, name), `${name} of ${layer.split("/").at(-1)}`);
      for (const name of ["etc/a", "etc/b", "etc/gone", "opaque/x", "file"]) put(bottom, name);
      put(middle, "etc/b");
      makeWhiteout(join(middle, "etc/gone"));
      put(middle, "opaque/y");
      setXattr(join(middle, "opaque"), "trusted.overlay.opaque", Buffer.from("y"));
      symlinkSync("../etc/./b", join(top, "etc/relative"));
      symlinkSync("/etc/absolute-too", join(top, "absolute"));
      symlinkSync("/../../etc/a", join(middle, "etc/absolute-too"));
      symlinkSync("loop", join(top, "loop"));
      const read = (path: string) => readMergedFile(layers, path);
      assert.equal(read("etc/a"), "etc/a of bottom");
      assert.equal(read("/etc/b"), "etc/b of middle");
      assert.equal(read("opaque/y"), "opaque/y of middle");
      assert.equal(read("etc/relative"), "etc/b of middle");
      assert.equal(read("absolute"), "etc/a of bottom");
      for (const path of ["etc/gone", "opaque/x", "loop", "etc", "none/a", "file/a", ""])
        assert.equal(read(path), undefined, path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
