/** What the authority signs, read by others: node:crypto (OpenSSL's reader) and, where it is there, openssl itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateAuthority, type KeyPair } from "./authority.ts";
import { adminRequest, apiServerRequest, nodeOfUser, nodeRequest } from "./cluster.ts";
import { integer, objectIdentifier, sequence, time } from "./der.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("DER", () => {
  it("writes the examples of X.690 and RFC 5280", () => {
    const hex = (bytes: Buffer) => bytes.toString("hex");
    assert.equal(hex(integer(Buffer.of(0))), "020100");
    assert.equal(hex(integer(Buffer.of(0, 0x7f))), "02017f");
    assert.equal(hex(integer(Buffer.of(0x80))), "02020080");
    assert.equal(hex(objectIdentifier("2.5.4.3")), "0603550403");
    assert.equal(hex(objectIdentifier("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
    assert.equal(time(new Date("2049-12-31T23:59:59.9Z")).toString("latin1").slice(2), "491231235959Z");
    assert.equal(time(new Date("2050-01-01T00:00:00Z")).toString("latin1").slice(2), "20500101000000Z");
    for (const [length, header] of [
      [127, "307f"],
      [128, "308180"],
      [255, "3081ff"],
      [256, "30820100"],
    ] as const) {
      assert.equal(hex(sequence(Buffer.alloc(length))).slice(0, header.length), header);
    }
  });
});

describe("certificate authority", () => {
  const authority = CertificateAuthority.create("podwire-lab", NOW);
  const own = new X509Certificate(authority.certificate);

  const read = ({ certificate, key }: KeyPair) => {
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

  it("signs for the API server under all its names", () => {
    const server = read(
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

  it("signs for users: the name is the common name, the groups are the organizations", () => {
    const admin = read(authority.issue(adminRequest(), NOW));
    assert.equal(admin.subject, "O=system:masters\nCN=kubernetes-admin");
    assert.deepEqual(admin.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    const node = read(authority.issue(nodeRequest("node-1"), NOW));
    assert.equal(node.subject, "O=system:nodes\nCN=system:node:node-1");
    assert.equal(nodeOfUser("system:node:node-1"), "node-1");
    assert.equal(nodeOfUser("kubernetes-admin"), undefined);
  });

  it("signs on after it was read back", () => {
    read(new CertificateAuthority(authority).issue(adminRequest(), NOW));
  });

  it("gives every certificate its own serial number", () => {
    const serials = Array.from({ length: 50 }, () => read(authority.issue(adminRequest(), NOW)).serialNumber);
    assert.equal(new Set(serials).size, 50);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
  });

  it("satisfies openssl's strict verification for each purpose", function () {
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
      const server = authority.issue(apiServerRequest({ serviceCidrs: [], addresses: [] }), NOW);
      verify("sslserver", server);
      verify("sslclient", authority.issue(adminRequest(), NOW));
      assert.throws(() => verify("sslclient", server));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
