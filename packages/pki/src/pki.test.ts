/** What the authority signs, read by others: node:crypto (OpenSSL's reader) and, where it is there, openssl itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateAuthority, type KeyPair } from "./authority.ts";
import { adminRequest, apiServerRequest, nodeOfUser, nodeRequest } from "./cluster.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("certificate authority", () => {
  let authority: CertificateAuthority;
  let own: X509Certificate;
  before(async () => {
    authority = await CertificateAuthority.create("podwire-lab", NOW);
    own = new X509Certificate(authority.certificate);
  });

  const read = async (made: Promise<KeyPair>) => {
    const { certificate, key } = await made;
    const parsed = new X509Certificate(certificate);
    assert(parsed.checkPrivateKey(createPrivateKey(key)));
    assert(parsed.verify(own.publicKey));
    assert(parsed.checkIssued(own));
    assert(!parsed.ca);
    return parsed;
  };

  it("is one, signed by itself, for ten years", () => {
    assert(own.ca);
    assert(own.verify(own.publicKey));
    assert.equal(own.subject, "CN=podwire-lab");
    assert.equal(Date.parse(own.validFrom), NOW - 300_000);
    assert.equal(Date.parse(own.validTo), Date.parse("2036-03-01T11:55:00Z"));
  });

  it("signs for the API server under all its names", async () => {
    const server = await read(
      authority.issue(
        apiServerRequest({
          serviceCidrs: ["10.96.0.0/12", "fd00:10:96::/112"],
          addresses: ["172.30.0.1", "fd00:172:30::1"],
        }),
        NOW,
      ),
    );
    const hosts = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    for (const host of [...hosts, "kubernetes.default.svc.cluster.local"])
      assert(server.checkHost(host), host);
    for (const address of [
      "127.0.0.1",
      "::1",
      "10.96.0.1",
      "fd00:10:96::1",
      "172.30.0.1",
      "fd00:172:30::1",
    ]) {
      assert(server.checkIP(address), address);
    }
    assert(!server.checkIP("10.96.0.2"));
    assert.deepEqual(server.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  });

  it("signs for users: the name is the common name, the groups are the organizations", async () => {
    const admin = await read(authority.issue(adminRequest(), NOW));
    assert.equal(admin.subject, "O=system:masters\nCN=kubernetes-admin");
    assert.deepEqual(admin.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    const node = await read(authority.issue(nodeRequest("node-1"), NOW));
    assert.equal(node.subject, "O=system:nodes\nCN=system:node:node-1");
    assert.equal(nodeOfUser("system:node:node-1"), "node-1");
    assert.equal(nodeOfUser("kubernetes-admin"), undefined);
  });

  it("signs on after it was read back", async () => {
    await read(new CertificateAuthority(authority).issue(adminRequest(), NOW));
  });

  it("gives every certificate its own serial number", async () => {
    const made = Array.from({ length: 50 }, () => read(authority.issue(adminRequest(), NOW)));
    const serials = (await Promise.all(made)).map(({ serialNumber }) => serialNumber);
    assert.equal(new Set(serials).size, 50);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  });

  it("satisfies openssl's strict verification for each purpose", async function () {
    const folder = mkdtempSync(join(tmpdir(), `podwire-pki-${process.pid}-`));
    const verify = (purpose: string, { certificate }: KeyPair) => {
      writeFileSync(join(folder, "ca.crt"), authority.certificate);
      writeFileSync(join(folder, "leaf.crt"), certificate);
      const at = ["-attime", String(NOW / 1000)];
      const files = ["-CAfile", join(folder, "ca.crt"), "-purpose", purpose, join(folder, "leaf.crt")];
      execFileSync("openssl", ["verify", "-x509_strict", ...at, ...files], { stdio: "pipe" });
    };
    try {
      execFileSync("openssl", ["version"], { stdio: "pipe" });
    } catch {
      return this.skip();
    }
    try {
      const server = await authority.issue(apiServerRequest({ serviceCidrs: [], addresses: [] }), NOW);
      verify("sslserver", server);
      verify("sslclient", await authority.issue(adminRequest(), NOW));
      assert.throws(() => verify("sslclient", server));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
