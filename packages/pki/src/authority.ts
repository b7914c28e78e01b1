/**
 * A cluster's own certificate authority: made with the cluster, it signs for its servers, nodes and administrator.
 * Whoever only reads certificates does not load the library that makes them.
 */
import type { CertificateRequest, Subject } from "./certificate.ts";

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

  /** An authority that was made before. */
  constructor({ certificate, key }: KeyPair) {
    this.certificate = certificate;
    this.key = key;
  }

  static async create(commonName: string, nowMs: number): Promise<CertificateAuthority> {
    const subject = { commonName };
    return new CertificateAuthority(
      await make({ subject, issuer: undefined, usage: "authority", ...validity(nowMs) }),
    );
  }

  /** With a new key. */
  issue(request: IssueRequest, nowMs: number): Promise<KeyPair> {
    return make({ ...request, issuer: this, ...validity(nowMs) });
  }
}

async function make(request: CertificateRequest): Promise<KeyPair> {
  const { makeCertificate } = await import("./certificate.ts");
  return makeCertificate(request);
}

function validity(nowMs: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(nowMs - CLOCK_SKEW_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + LIFETIME_YEARS);
  return { notBefore, notAfter };
}
