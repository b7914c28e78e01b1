/**
 * An X.509 certificate (RFC 5280) of the one profile that a cluster needs: version 3, ECDSA over P-256 with SHA-256,
 * for an authority, a server or a client.
 *
 * Written by hand because a library for it takes 200 ms to load, a tenth of the time in which a lab starts. The keys
 * and signatures are node:crypto's, and so are, in the tests, the readers.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { parseAddress } from "@podwire/wire/address";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

/** Who holds the certificate; to Kubernetes the common name is the user, the organizations its groups. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface CertificateRequest {
  readonly subject: Subject;
  readonly issuer: Subject;
  /** Of the holder. */
  readonly publicKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly usage: "authority" | "server" | "client";
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  server: "1.3.6.1.5.5.7.3.1",
  client: "1.3.6.1.5.5.7.3.2",
} as const;

/** Bits of KeyUsage (RFC 5280 §4.2.1.3), the first at the top, and how many below the last are unused. */
const KEY_USAGE = {
  /** digitalSignature, keyCertSign, cRLSign. */
  authority: { bits: 0b1000_0110, unused: 1 },
  /** digitalSignature. */
  holder: { bits: 0b1000_0000, unused: 7 },
} as const;

const GENERAL_NAME = { dnsName: 2, ipAddress: 7 } as const;
const VERSION_3 = Buffer.of(2);
/** Of the 20 that RFC 5280 §4.1.2.2 allows; the first bit stays zero. */
const SERIAL_BYTES = 16;

/** PEM. */
export function signCertificate(request: CertificateRequest): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    explicit(0, integer(VERSION_3)),
    integer(serialNumber()),
    algorithm,
    nameOf(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    nameOf(request.subject),
    publicKeyInfo(request.publicKey),
    explicit(3, sequence(...extensionsOf(request))),
  );
  const signature = sign("sha256", toBeSigned, request.issuerKey);
  return pem("CERTIFICATE", sequence(toBeSigned, algorithm, bitString(signature)));
}

function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  // Not zero, not negative.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

/** The organizations first, as upstream's tools write them. */
function nameOf({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => set(sequence(objectIdentifier(type), utf8String(value)));
  return sequence(
    ...organizations.map(organization => attribute(OID.organization, organization)),
    attribute(OID.commonName, commonName),
  );
}

function extensionsOf({ usage, publicKey, issuerKey, names = [] }: CertificateRequest): Buffer[] {
  const isAuthority = usage === "authority";
  const { bits, unused } = KEY_USAGE[isAuthority ? "authority" : "holder"];
  // "pathLenConstraint 0": the authority signs no other authority.
  const constraints = isAuthority ? [boolean(true), integer(Buffer.of(0))] : [];
  return [
    extension(OID.basicConstraints, true, sequence(...constraints)),
    extension(OID.keyUsage, true, bitString(Buffer.of(bits), unused)),
    ...(isAuthority ? [] : [extension(OID.extendedKeyUsage, false, sequence(objectIdentifier(OID[usage])))]),
    extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      false,
      sequence(implicit(0, keyIdentifier(createPublicKey(issuerKey)))),
    ),
    ...(names.length === 0
      ? []
      : [extension(OID.subjectAltName, false, sequence(...names.map(alternativeName)))]),
  ];
}

function extension(identifier: string, isCritical: boolean, value: Buffer): Buffer {
  // FALSE is the default, which DER leaves out.
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectIdentifier(identifier), ...critical, octetString(value));
}

function alternativeName(name: string): Buffer {
  const address = parseAddress(name);
  return address === undefined
    ? implicit(GENERAL_NAME.dnsName, Buffer.from(name, "ascii"))
    : implicit(GENERAL_NAME.ipAddress, address);
}

/** RFC 7093 §2, method 1: of SHA-256 the first 160 bits. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha256").update(publicKeyInfo(key)).digest().subarray(0, 20);
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
