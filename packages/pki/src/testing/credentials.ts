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

let made: Promise<CertificateAuthority> | undefined;

export function testAuthority(): Promise<CertificateAuthority> {
  made ??= CertificateAuthority.create("podwire-test", Date.now());
  return made;
}

/** For an API server on loopback. */
export async function testServerCredentials() {
  const authority = await testAuthority();
  const names = { serviceCidrs: ["10.96.0.0/12"], addresses: [] };
  return served(authority, await authority.issue(apiServerRequest(names), Date.now()));
}

export async function testNodeServerCredentials() {
  const authority = await testAuthority();
  return served(authority, await authority.issue(nodeServerRequest(), Date.now()));
}

/** As node's TLS takes them. */
export async function testAdmin(of?: CertificateAuthority): Promise<ClientTls> {
  const authority = of ?? (await testAuthority());
  return shown(authority, await authority.issue(adminRequest(), Date.now()));
}

/** For the node stream, with the name that its server has in its certificate. */
export async function testNode(
  name: string,
  of?: CertificateAuthority,
): Promise<ClientTls & { readonly serverName: string }> {
  const authority = of ?? (await testAuthority());
  return {
    ...shown(authority, await authority.issue(nodeRequest(name), Date.now())),
    serverName: NODE_SERVER_NAME,
  };
}

function served(authority: CertificateAuthority, pair: KeyPair) {
  return { ...pair, clientAuthority: authority.certificate };
}

function shown(authority: CertificateAuthority, { certificate, key }: KeyPair): ClientTls {
  return { ca: authority.certificate, cert: certificate, key };
}
