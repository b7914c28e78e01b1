/** The files of a cluster's certificates: who can read them, and that they fit together. */
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterCertificates, readAdminFiles, readNodeFiles, readServerFiles } from "./files.ts";

describe("certificate files", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), `podwire-pki-${process.pid}-`));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("are what servers and clients read back, with keys for their owner alone", async () => {
    const pki = join(directory, "pki");
    const made = await ClusterCertificates.create(pki, "podwire-lab", Date.now());
    await made.makeServersAndAdmin({ serviceCidrs: ["10.96.0.0/12"], addresses: ["172.30.0.1"] });
    await made.makeNode("node-1");

    const authority = new X509Certificate(readServerFiles(pki, "apiserver").clientAuthority);
    const clients = [readAdminFiles(pki), readNodeFiles(pki, "node-1")];
    const servers = (["apiserver", "node-server"] as const).map(server => readServerFiles(pki, server));
    const pairs = [
      ...servers.map(({ certificate, key }) => ({ cert: certificate, key, ca: authority.toString() })),
      ...clients,
    ];
    for (const { ca, cert, key } of pairs) {
      const certificate = new X509Certificate(cert);
      assert.equal(new X509Certificate(ca).fingerprint256, authority.fingerprint256);
      assert(certificate.verify(authority.publicKey));
      assert(certificate.checkPrivateKey(createPrivateKey(key)));
    }
    const files = readdirSync(pki, { recursive: true, encoding: "utf8" });
    assert.equal(files.filter(name => /\.(crt|key)$/.test(name)).length, 2 * 5);
    for (const name of files) {
      const mode = statSync(join(pki, name)).mode & 0o777;
      if (name.endsWith(".key")) assert.equal(mode, 0o600, name);
      if (name === "nodes") assert.equal(mode, 0o700);
    }
    assert.equal(statSync(pki).mode & 0o777, 0o700);
  });
});
