/** `podwire node`: the process around one node's daemon. `up` starts it in the node's network namespace. */
import { closeSync, writeSync } from "node:fs";
import { type ForwardingOptions, NodeDaemon } from "@podwire/node";
import { readNodeFiles } from "@podwire/pki";
import { type AddressRange, parseRange } from "@podwire/wire/address-range";
import { UsageError } from "../errors.ts";
import { podwireVersion } from "./version.ts";

export interface NodeCommandOptions {
  name: string;
  server: string;
  pki: string;
  dir: string;
  labDir: string;
  address: readonly string[];
  device: string;
  udpPort: number;
  vni: number;
  clusterDns: readonly string[];
  clusterDomain: string;
  dnsForwarding?: ForwardingOptions;
  machineNamespace?: number;
  loadBalancerRange: readonly string[];
  label?: Record<string, string>;
  taint?: readonly string[];
}

export async function runNode(options: NodeCommandOptions): Promise<void> {
  const log = (line: string) =>
    process.stderr.write(`${new Date().toISOString()} node ${options.name}: ${line}\n`);
  const daemon = new NodeDaemon({
    name: options.name,
    server: options.server,
    tls: readNodeFiles(options.pki, options.name),
    directory: options.dir,
    labDirectory: options.labDir,
    addresses: options.address,
    underlayDevice: options.device,
    udpPort: options.udpPort,
    vni: options.vni,
    clusterDns: options.clusterDns,
    clusterDomain: options.clusterDomain,
    forwarding: options.dnsForwarding ?? { stubDomains: [] },
    machineNamespace: options.machineNamespace,
    loadBalancerRanges: options.loadBalancerRange.map(requireRange),
    labels: options.label ?? {},
    taints: (options.taint ?? []).map(parseTaint),
    version: podwireVersion(),
    log,
    refused: why => {
      log(`refused by the control plane: ${why}`);
      process.exit(1);
    },
  });
  const stop = () => void daemon.stop().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  await daemon.start();
  announceReady();
}

function requireRange(text: string): AddressRange {
  const range = parseRange(text);
  if (range) return range;
  throw new UsageError(`--load-balancer-range: "${text}" is neither a CIDR nor a range of addresses`);
}

/** `key=value:Effect`, as `kubectl taint` writes it. */
function parseTaint(text: string): { key: string; value: string; effect: string } {
  const match = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(text)!;
  return { key: match[1]!, value: match[2] ?? "", effect: match[3]! };
}

/** Whoever started this process waits for a line on the descriptor named by PODWIRE_READY_FD. */
function announceReady(): void {
  const fd = Number(process.env.PODWIRE_READY_FD);
  if (!fd) return;
  writeSync(fd, `${JSON.stringify({ ready: true })}\n`);
  closeSync(fd);
}
