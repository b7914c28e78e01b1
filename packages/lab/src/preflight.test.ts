import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDisk, checkPrivileges, checkTun } from "./preflight.ts";

describe("preflight", () => {
  it("names the capability that is missing, and the way out", () => {
    checkPrivileges("CapEff:\t000001ffffffffff\n");
    assert.throws(() => checkPrivileges("CapEff:\t0000000000000000\n"), {
      name: "LabError",
      message:
        "a lab needs CAP_NET_ADMIN and CAP_SYS_ADMIN for its network namespaces: run podwire as root (sudo)",
    });
    // Docker's default set has neither; --cap-add NET_ADMIN gives one of the two.
    assert.throws(() => checkPrivileges("CapEff:\t00000000a80435fb\n"), /a lab needs CAP_SYS_ADMIN for/);
  });

  it("says how to get the TUN device", () => {
    checkTun("/dev/net/tun");
    assert.throws(() => checkTun("/dev/net/none"), {
      name: "LabError",
      message: /^\/dev\/net\/none cannot be opened \(ENOENT\): load the tun module \(modprobe tun\), or give/,
    });
  });

  it("a full disk: how much is free, and what to do", () => {
    const folder = mkdtempSync(join(tmpdir(), "podwire-full-disk-"));
    assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status, 0);
    try {
      assert.throws(() => checkDisk(join(folder, "run", "lab")), {
        name: "LabError",
        message: `${folder} has 1 MB free, a lab needs 64 MB: make room, or set PODWIRE_RUN_DIR to a directory on another disk`,
      });
    } finally {
      spawnSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
