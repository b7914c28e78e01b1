/**
 * CoreDNS beside the node's own server: in the same network namespace, over the same API server, asking the same server for
 * other names, configured as kubeadm does.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { answersHttp } from "../answering.ts";
import type { Child, Children } from "../children.ts";
import { COREDNS_READY_MS } from "../limits.ts";

export const COREDNS_ADDRESS = "127.0.0.1";
export const COREDNS_PORT = 5301;
const READY_PORT = 8181;

/** PODWIRE_COREDNS, or the first in PATH; undefined: there is none. */
export function findCoreDns(): string | undefined {
  const named = process.env.PODWIRE_COREDNS;
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map(folder => join(folder, "coredns")).find(file => existsSync(file));
}

export interface CoreDnsOptions {
  readonly binary: string;
  readonly folder: string;
  readonly namespacePid: number;
  /** Of the lab; its server is reached on the underlay from there. */
  readonly kubeconfig: string;
  readonly apiServer: string;
  readonly upstream: string;
}

export async function startCoreDns(children: Children, options: CoreDnsOptions): Promise<Child> {
  const { binary, folder, namespacePid, apiServer, upstream } = options;
  const kubeconfig = join(folder, "kubeconfig");
  const text = readFileSync(options.kubeconfig, "utf8");
  writeFileSync(kubeconfig, text.replace(/server: .*/, `server: ${apiServer}`), { mode: 0o600 });
  const corefile = join(folder, "Corefile");
  writeFileSync(
    corefile,
    `.:${COREDNS_PORT} {
      bind ${COREDNS_ADDRESS}
      errors
      ready ${COREDNS_ADDRESS}:${READY_PORT}
      kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${kubeconfig}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
      }
      forward . ${upstream} {
        max_concurrent 1000
      }
      cache 30 {
        disable success cluster.local
        disable denial cluster.local
      }
      loadbalance
    }\n`,
  );
  const child = children.start({ name: "coredns", namespacePid, command: [binary, "-conf", corefile] });
  const failed = child.ended.then(() => Promise.reject(new Error("coredns: ended")));
  await Promise.race([
    answersHttp(namespacePid, COREDNS_ADDRESS, READY_PORT, "/ready", COREDNS_READY_MS),
    failed,
  ]);
  return child;
}
