/** A lab's kubeconfig: one cluster, one user, one context, all called `podwire-NAME`, with the certificates inside. */
import type { ApiServer } from "@podwire/client";
import { stringify } from "yaml";

export interface KubeconfigEntries {
  /** Of the cluster, the user and the context. */
  readonly name: string;
  readonly cluster: object;
  readonly user: object;
  readonly context: object;
}

export function contextName(lab: string): string {
  return `podwire-${lab}`;
}

export function kubeconfigEntries(lab: string, { url, tls }: ApiServer): KubeconfigEntries {
  const name = contextName(lab);
  return {
    name,
    cluster: { server: url, "certificate-authority-data": base64(tls.ca) },
    user: { "client-certificate-data": base64(tls.cert), "client-key-data": base64(tls.key) },
    context: { cluster: name, user: name },
  };
}

/** A whole file, in which the lab's context is the current one. */
export function kubeconfigText({ name, cluster, user, context }: KubeconfigEntries): string {
  const file = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    contexts: [{ name, context }],
    users: [{ name, user }],
    "current-context": name,
    preferences: {},
  };
  return stringify(file, { lineWidth: 0, indentSeq: false });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
