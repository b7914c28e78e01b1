/**
 * The names of a cluster in its certificates, the same for those who issue and those who check. Users and groups are
 * upstream's (kubeadm's PKI requirements).
 */
import { formatAddress } from "@podwire/wire/address";
import { nthAddress, parseCidr } from "@podwire/wire/cidr";
import type { IssueRequest } from "./authority.ts";

/** What the gRPC server of the nodes is called in its certificate: it is dialled by the path of a socket. */
export const NODE_SERVER_NAME = "nodes.podwire.internal";

/** The group that may do everything. */
export const MASTERS_GROUP = "system:masters";
export const NODES_GROUP = "system:nodes";

const NODE_USER = "system:node:";
const DEFAULT_DOMAIN = "cluster.local";

export interface ApiServerNames {
  /** The API server has the first address of each, as the Service `kubernetes`. */
  readonly serviceCidrs: readonly string[];
  /** What it listens on beside loopback. */
  readonly addresses: readonly string[];
  /** Last part of the names of Services; cluster.local when absent. */
  readonly clusterDomain?: string;
}

export function apiServerRequest(options: ApiServerNames): IssueRequest {
  const { serviceCidrs, addresses, clusterDomain = DEFAULT_DOMAIN } = options;
  const services = serviceCidrs.map(text => formatAddress(nthAddress(parseCidr(text)!, 1)));
  const service = "kubernetes.default.svc";
  const dnsNames = ["kubernetes", "kubernetes.default", service, `${service}.${clusterDomain}`, "localhost"];
  return {
    subject: { commonName: "kube-apiserver" },
    usage: "server",
    names: [...dnsNames, "127.0.0.1", "::1", ...services, ...addresses],
  };
}

export function nodeServerRequest(): IssueRequest {
  return { subject: { commonName: "podwire-node-server" }, usage: "server", names: [NODE_SERVER_NAME] };
}

export function adminRequest(): IssueRequest {
  return { subject: { commonName: "kubernetes-admin", organizations: [MASTERS_GROUP] }, usage: "client" };
}

export function nodeRequest(node: string): IssueRequest {
  return { subject: { commonName: `${NODE_USER}${node}`, organizations: [NODES_GROUP] }, usage: "client" };
}

/** The node that a user is; undefined for all others. */
export function nodeOfUser(user: string): string | undefined {
  return user.startsWith(NODE_USER) ? user.slice(NODE_USER.length) : undefined;
}
