/**
 * An X.509 certificate (RFC 5280) of the one profile that a cluster needs: version 3, ECDSA over P-256 with SHA-256,
 * for an authority, a server or a client. PKI.js writes it; loading that takes a tenth of a second, so only
 * `authority.ts` imports this file, when it makes something.
 */
import {
  createHash,
  createPrivateKey,
  KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import { parseAddress } from "@podwire/wire/address";
import { Set as AsnSet, BitString, Integer, OctetString, Sequence, Utf8String } from "asn1js";
import {
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
  id_AuthorityKeyIdentifier,
  id_BasicConstraints,
  id_ExtKeyUsage,
  id_KeyUsage,
  id_SubjectAltName,
  id_SubjectKeyIdentifier,
  type PublicKeyInfo,
  RelativeDistinguishedNames,
  Time,
} from "pkijs";
import type { KeyPair } from "./authority.ts";

/** Who holds the certificate; to Kubernetes the common name is the user, the organizations its groups. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface CertificateRequest {
  readonly subject: Subject;
  /** Undefined: it signs itself. */
  readonly issuer: KeyPair | undefined;
  readonly usage: "authority" | "server" | "client";
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
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
const VERSION_3 = 2;
const TIME = { utc: 0, generalized: 1 } as const;
/** From here on a time is a GeneralizedTime (RFC 5280 §4.1.2.5). */
const GENERALIZED_FROM_YEAR = 2050;
/** Of the 20 that RFC 5280 §4.1.2.2 allows; the first bit stays zero. */
const SERIAL_BYTES = 16;
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;

/** With a new key. */
export async function makeCertificate(request: CertificateRequest): Promise<KeyPair> {
  const holder = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const certificate = new Certificate({
    version: VERSION_3,
    serialNumber: new Integer({ valueHex: serialNumber() }),
    subject: nameOf(request.subject),
    notBefore: timeOf(request.notBefore),
    notAfter: timeOf(request.notAfter),
  });
  await certificate.subjectPublicKeyInfo.importKey(holder.publicKey);
  const issuer = request.issuer ? await readIssuer(request.issuer) : { certificate, key: holder.privateKey };
  certificate.issuer = issuer.certificate.subject;
  certificate.extensions = extensionsOf(
    request,
    certificate.subjectPublicKeyInfo,
    issuer.certificate.subjectPublicKeyInfo,
  );
  await certificate.sign(issuer.key, "SHA-256");
  return {
    certificate: new X509Certificate(Buffer.from(certificate.toSchema(true).toBER())).toString(),
    key: KeyObject.from(holder.privateKey).export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

async function readIssuer({ certificate, key }: KeyPair) {
  const der = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
  return {
    certificate: Certificate.fromBER(new X509Certificate(certificate).raw),
    key: await webcrypto.subtle.importKey("pkcs8", der, CURVE, false, ["sign"]),
  };
}

function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  // Not zero, not negative.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

/** The organizations first, as upstream's tools write them; each in a set of its own, which PKI.js only keeps as read. */
function nameOf({ commonName, organizations = [] }: Subject): RelativeDistinguishedNames {
  const attribute = (type: string, text: string) => {
    const value = new Utf8String({ value: text });
    return new AsnSet({ value: [new AttributeTypeAndValue({ type, value }).toSchema()] });
  };
  const attributes = [
    ...organizations.map(organization => attribute(OID.organization, organization)),
    attribute(OID.commonName, commonName),
  ];
  return RelativeDistinguishedNames.fromBER(new Sequence({ value: attributes }).toBER());
}

function timeOf(value: Date): Time {
  return new Time({
    type: value.getUTCFullYear() < GENERALIZED_FROM_YEAR ? TIME.utc : TIME.generalized,
    value,
  });
}

function extensionsOf(
  { usage, names = [] }: CertificateRequest,
  holderKey: PublicKeyInfo,
  issuerKey: PublicKeyInfo,
): Extension[] {
  const isAuthority = usage === "authority";
  // "pathLenConstraint 0": the authority signs no other authority.
  const constraints = new BasicConstraints(isAuthority ? { cA: true, pathLenConstraint: 0 } : {});
  const { bits, unused } = KEY_USAGE[isAuthority ? "authority" : "holder"];
  const keyUsage = new BitString({ valueHex: Uint8Array.of(bits), unusedBits: unused });
  const authority = new AuthorityKeyIdentifier({ keyIdentifier: keyIdentifier(issuerKey) });
  return [
    extension(id_BasicConstraints, constraints.toSchema(), { critical: true }),
    extension(id_KeyUsage, keyUsage, { critical: true }),
    ...(isAuthority
      ? []
      : [extension(id_ExtKeyUsage, new ExtKeyUsage({ keyPurposes: [OID[usage]] }).toSchema())]),
    extension(id_SubjectKeyIdentifier, keyIdentifier(holderKey)),
    extension(id_AuthorityKeyIdentifier, authority.toSchema()),
    ...(names.length === 0
      ? []
      : [extension(id_SubjectAltName, new GeneralNames({ names: names.map(alternativeName) }).toSchema())]),
  ];
}

function extension(extnID: string, value: { toBER(): ArrayBuffer }, { critical = false } = {}): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER() });
}

function alternativeName(name: string): GeneralName {
  const address = parseAddress(name);
  return address === undefined
    ? new GeneralName({ type: GENERAL_NAME.dnsName, value: name })
    : new GeneralName({ type: GENERAL_NAME.ipAddress, value: new OctetString({ valueHex: address }) });
}

/** RFC 7093 §2, method 1: of SHA-256 of the key the first 160 bits. */
function keyIdentifier({ subjectPublicKey }: PublicKeyInfo): OctetString {
  const digest = createHash("sha256").update(subjectPublicKey.valueBlock.valueHexView).digest();
  return new OctetString({ valueHex: digest.subarray(0, 20) });
}
