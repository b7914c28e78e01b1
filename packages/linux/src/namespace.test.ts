import assert from "node:assert/strict";
import { LinuxError } from "./errors.ts";
import { inNamespace, namespaceInode, namespaceInodeOf, openNamespace } from "./namespace.ts";
import { readSysctl, writeSysctl } from "./sysctl.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";

describe("network namespaces", () => {
  let namespace: TestNamespace;
  before(async () => {
    namespace = await openTestNamespace();
  });
  after(() => namespace.close());

  it("are entered for one synchronous task, and left even when it throws", () => {
    const home = namespaceInodeOf("self");
    const there = inNamespace(namespace.fd, () => namespaceInodeOf("self"));
    assert.equal(there, namespaceInode(namespace.fd));
    assert.equal(there, namespaceInodeOf(namespace.pid));
    assert.notEqual(there, home);
    assert.throws(() =>
      inNamespace(namespace.fd, () => {
        throw new Error("inside");
      }),
    );
    assert.equal(namespaceInodeOf("self"), home);
  });

  it("of a process that is gone are refused by name", () => {
    assert.equal(namespaceInodeOf(2 ** 22 + 1), undefined);
    assert.throws(
      () => openNamespace(2 ** 22 + 1),
      (error: unknown) =>
        error instanceof LinuxError && error.code === "ENOENT" && /ns\/net/.test(error.message),
    );
  });

  it("have sysctls of their own", () => {
    const before = readSysctl(undefined, "net.ipv4.ip_default_ttl");
    writeSysctl(namespace.fd, "net.ipv4.ip_default_ttl", 17);
    assert.equal(readSysctl(namespace.fd, "net/ipv4/ip_default_ttl"), "17");
    assert.equal(readSysctl(undefined, "net.ipv4.ip_default_ttl"), before);
    assert.throws(
      () => writeSysctl(namespace.fd, "net.ipv4.nope", 1),
      /sysctl net.ipv4.nope = 1: write: ENOENT/,
    );
  });
});
