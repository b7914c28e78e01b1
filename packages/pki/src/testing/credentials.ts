/** Certificates for tests: one authority a process, made when first asked for. */
import { CertificateAuthority, type KeyPair } from "../authority.ts";
import {
  adminRequest,
  apiServerRequest,
  NODE_SERVER_NAME,
  nodeRequest,
  nodeServerRequest,
} from "../cluster.ts";

export interface ClientTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

let made: CertificateAuthority | undefined;

export function testAuthority(): CertificateAuthority {
  made ??= CertificateAuthority.create("podwire-test", Date.now());
  return made;
}

/** For an API server on loopback. */
export function testServerCredentials(authority = testAuthority()) {
  const names = { serviceCidrs: ["10.96.0.0/12"], addresses: [] };
  return served(authority, authority.issue(apiServerRequest(names), Date.now()));
}

export function testNodeServerCredentials(authority = testAuthority()) {
  return served(authority, authority.issue(nodeServerRequest(), Date.now()));
}

/** As node's TLS takes them. */
export function testAdmin(authority = testAuthority()): ClientTls {
  return shown(authority, authority.issue(adminRequest(), Date.now()));
}

/** For the node stream, with the name that its server has in its certificate. */
export function testNode(
  name: string,
  authority = testAuthority(),
): ClientTls & { readonly serverName: string } {
  return {
    ...shown(authority, authority.issue(nodeRequest(name), Date.now())),
    serverName: NODE_SERVER_NAME,
  };
}

function served(authority: CertificateAuthority, pair: KeyPair) {
  return { ...pair, clientAuthority: authority.certificate };
}

function shown(authority: CertificateAuthority, { certificate, key }: KeyPair): ClientTls {
  return { ca: authority.certificate, cert: certificate, key };
}
