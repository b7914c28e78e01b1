/**
 * Where a cluster keeps its certificates and keys, PEM files of one directory; keys can be read by their owner alone.
 *
 *     ca.crt  ca.key             the authority
 *     apiserver.crt  .key        the API server, to its clients
 *     node-server.crt  .key      the gRPC server, to the nodes
 *     admin.crt  .key            the administrator, to the API server
 *     nodes/<node>.crt  .key     a node, to the gRPC server
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CertificateAuthority, type IssueRequest, type KeyPair } from "./authority.ts";
import {
  type ApiServerNames,
  adminRequest,
  apiServerRequest,
  NODE_SERVER_NAME,
  nodeRequest,
  nodeServerRequest,
} from "./cluster.ts";

const AUTHORITY = "ca";

/** PEM. */
export interface ServerFiles extends KeyPair {
  readonly clientAuthority: string;
}

/** PEM, under the names that node's TLS has for them. */
export interface ClientFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes the certificates of a new cluster; those of its nodes are made one by one. */
export class ClusterCertificates {
  readonly #directory: string;
  readonly #authority: CertificateAuthority;
  readonly #nowMs: number;

  private constructor(directory: string, authority: CertificateAuthority, nowMs: number) {
    this.#directory = directory;
    this.#authority = authority;
    this.#nowMs = nowMs;
  }

  /** With a new authority. */
  static async create(directory: string, clusterName: string, nowMs: number): Promise<ClusterCertificates> {
    const authority = await CertificateAuthority.create(clusterName, nowMs);
    mkdirSync(join(directory, "nodes"), { recursive: true, mode: 0o700 });
    writePair(directory, AUTHORITY, authority);
    return new ClusterCertificates(directory, authority, nowMs);
  }

  async makeServersAndAdmin(names: ApiServerNames): Promise<void> {
    await this.#make("apiserver", apiServerRequest(names));
    await this.#make("node-server", nodeServerRequest());
    await this.#make("admin", adminRequest());
  }

  async makeNode(name: string): Promise<void> {
    await this.#make(nodeFile(name), nodeRequest(name));
  }

  async #make(name: string, request: IssueRequest): Promise<void> {
    writePair(this.#directory, name, await this.#authority.issue(request, this.#nowMs));
  }
}

export function readServerFiles(directory: string, server: "apiserver" | "node-server"): ServerFiles {
  return { ...readPair(directory, server), clientAuthority: read(directory, `${AUTHORITY}.crt`) };
}

export function readAdminFiles(directory: string): ClientFiles {
  return readClient(directory, "admin");
}

/** With the name that the server must prove to have. */
export function readNodeFiles(
  directory: string,
  node: string,
): ClientFiles & { readonly serverName: string } {
  return { ...readClient(directory, nodeFile(node)), serverName: NODE_SERVER_NAME };
}

function nodeFile(node: string): string {
  return join("nodes", node);
}

function readClient(directory: string, name: string): ClientFiles {
  const { certificate, key } = readPair(directory, name);
  return { ca: read(directory, `${AUTHORITY}.crt`), cert: certificate, key };
}

function readPair(directory: string, name: string): KeyPair {
  return { certificate: read(directory, `${name}.crt`), key: read(directory, `${name}.key`) };
}

function read(directory: string, file: string): string {
  return readFileSync(join(directory, file), "utf8");
}

function writePair(directory: string, name: string, { certificate, key }: KeyPair): void {
  writeFileSync(join(directory, `${name}.key`), key, { mode: 0o600, flag: "wx" });
  writeFileSync(join(directory, `${name}.crt`), certificate, { mode: 0o644, flag: "wx" });
}
