/** Which node is at the other end of a connection: the one that its certificate is for (`system:node:NAME`). */
import type { PeerCertificate } from "node:tls";
import { nodeOfUser } from "@podwire/pki";
import { StreamError } from "./stream-error.ts";

/** A call of either kind. TLS has verified its certificate. */
export interface IdentifiedCall {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

/** Undefined when the certificate is somebody else's. */
export function nodeOf(call: IdentifiedCall): string | undefined {
  return nodeOfUser(commonNameOf(call));
}

/** Throws a StreamError `refused` that names both. */
export function checkIsNode(call: IdentifiedCall, name: string): void {
  if (nodeOf(call) === name) return;
  throw new StreamError(
    "refused",
    `Node "${name}": the client's certificate is for "${commonNameOf(call)}"; start the daemon with the certificate for "system:node:${name}"`,
  );
}

function commonNameOf(call: IdentifiedCall): string {
  const name: string | string[] | undefined = call.getAuthContext().sslPeerCertificate?.subject.CN;
  return typeof name === "string" ? name : (name?.at(-1) ?? "");
}
