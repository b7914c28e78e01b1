/** The command lines of a lab's daemons: `packages/cli` reads them back. */
import { formatAddress } from "@podwire/wire/address";
import { nthAddress, parseCidr } from "@podwire/wire/cidr";
import type { LabConfig } from "../config/cluster.ts";
import { UNDERLAY_API_PORT } from "../limits.ts";
import type { LabPaths } from "../state/directory.ts";
import type { HostState } from "../state/state.ts";
import { HOST_DEVICE } from "../topology/underlay.ts";
import type { DaemonSpec } from "./daemon.ts";
import type { Program } from "./program.ts";

const DNS_ADDRESS = 10;

export const CONTROL_PLANE = "control-plane";

export function controlPlaneSpec(
  config: LabConfig,
  paths: LabPaths,
  program: Program,
  apiPort: number,
  underlay: HostState,
): DaemonSpec {
  return {
    name: CONTROL_PLANE,
    program,
    labDirectory: paths.directory,
    log: paths.log(CONTROL_PLANE),
    arguments: [
      CONTROL_PLANE,
      ...["--dir", paths.controlPlane],
      ...["--listen", `127.0.0.1:${apiPort}`],
      ...["--underlay-namespace", String(underlay.holder.pid)],
      ...underlay.addresses.flatMap(address => ["--underlay-listen", endpoint(address, UNDERLAY_API_PORT)]),
      ...["--nodes-socket", paths.nodesSocket],
      ...["--pki", paths.pki],
      ...["--cluster-cidr", config.podCIDRs.join(",")],
      ...["--node-mask-size", config.nodeMaskSizes.join(",")],
      ...["--service-cidr", config.serviceCIDRs.join(",")],
      ...["--node-port-range", config.nodePortRange],
      ...["--load-balancer-pools", JSON.stringify(config.pools)],
    ],
  };
}

export function nodeSpec(config: LabConfig, paths: LabPaths, program: Program, host: HostState): DaemonSpec {
  const node = config.nodes.find(each => each.name === host.name)!;
  return {
    name: host.name,
    program: { command: program.command, arguments: program.nodeArguments ?? program.arguments },
    labDirectory: paths.directory,
    log: paths.log(host.name),
    namespaceOf: host.holder,
    arguments: [
      "node",
      ...["--name", host.name],
      ...["--server", `unix:${paths.nodesSocket}`],
      ...["--pki", paths.pki],
      ...["--dir", paths.node(host.name)],
      ...["--lab-dir", paths.directory],
      ...host.addresses.flatMap(address => ["--address", address]),
      ...["--device", HOST_DEVICE],
      ...["--udp-port", String(config.vxlan.port)],
      ...["--vni", String(config.vxlan.vni)],
      ...["--cluster-dns", clusterDns(config)],
      ...["--cluster-domain", config.dns.clusterDomain],
      ...["--dns-forwarding", JSON.stringify(config.dns)],
      // Whoever starts the nodes lives for as long as they do.
      ...["--machine-namespace", String(process.pid)],
      ...announcedRanges(config).flatMap(range => ["--load-balancer-range", range]),
      ...Object.entries(node.labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
      ...node.taints.flatMap(taint => ["--taint", `${taint.key}=${taint.value ?? ""}:${taint.effect}`]),
    ],
  };
}

/** Addresses of mode Proxy are those of somebody else's load balancer. */
function announcedRanges({ pools }: LabConfig): string[] {
  return pools.filter(({ ipMode }) => ipMode === "VIP").flatMap(({ addresses }) => addresses);
}

/** The tenth address of the Services, as kubeadm gives it to the cluster's DNS. */
function clusterDns({ serviceCIDRs }: LabConfig): string {
  return formatAddress(nthAddress(parseCidr(serviceCIDRs[0]!)!, DNS_ADDRESS));
}

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
