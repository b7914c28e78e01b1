/** A cluster's own certificate authority: made with the cluster, it signs for its servers, nodes and administrator. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { type Subject, signCertificate } from "./certificate.ts";

/** A certificate and its private key, PEM both; the key is PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface IssueRequest {
  readonly subject: Subject;
  readonly usage: "server" | "client";
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
}

/** Clocks of a cluster's machines may differ by this. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Longer than any lab is up. */
const LIFETIME_YEARS = 10;

export class CertificateAuthority {
  readonly certificate: string;
  readonly key: string;
  readonly #subject: Subject;
  readonly #privateKey: KeyObject;

  /** An authority that was made before. */
  constructor({ certificate, key }: KeyPair) {
    this.certificate = certificate;
    this.key = key;
    this.#privateKey = createPrivateKey(key);
    this.#subject = { commonName: /^CN=(.*)$/m.exec(new X509Certificate(certificate).subject)![1]! };
  }

  static create(commonName: string, nowMs: number): CertificateAuthority {
    const { publicKey, privateKey } = newKey();
    const subject = { commonName };
    const certificate = signCertificate({
      subject,
      issuer: subject,
      publicKey,
      issuerKey: privateKey,
      usage: "authority",
      ...validity(nowMs),
    });
    return new CertificateAuthority({ certificate, key: pkcs8(privateKey) });
  }

  /** With a new key. */
  issue({ subject, usage, names }: IssueRequest, nowMs: number): KeyPair {
    const { publicKey, privateKey } = newKey();
    const certificate = signCertificate({
      subject,
      issuer: this.#subject,
      publicKey,
      issuerKey: this.#privateKey,
      usage,
      ...(names && { names }),
      ...validity(nowMs),
    });
    return { certificate, key: pkcs8(privateKey) };
  }
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function validity(nowMs: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(nowMs - CLOCK_SKEW_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + LIFETIME_YEARS);
  return { notBefore, notAfter };
}
