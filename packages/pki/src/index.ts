/** Certificates: a cluster's authority and what it signs. */
export { CertificateAuthority, type IssueRequest, type KeyPair } from "./authority.ts";
export type { Subject } from "./certificate.ts";
export * from "./cluster.ts";
export * from "./files.ts";
