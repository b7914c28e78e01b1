/**
 * Who has which address on the underlay. Host numbers within each underlay CIDR:
 *
 *     0              the network itself
 *     1              the control plane, on the bridge itself
 *     2 … 10         hosts outside of the cluster, in the order in which they are attached
 *     11 + i         node i
 */
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { contains, nthAddress, parseCidr } from "@podwire/wire/cidr";
import type { LabConfig } from "../config/cluster.ts";
import { CONTROL_PLANE_HOST, FIRST_NODE_HOST, FIRST_OUTSIDE_HOST } from "../limits.ts";

/** One address a family, in the order of config.underlayCidrs. */
export function nodeAddresses(config: LabConfig, index: number): string[] {
  return addressesOf(config, FIRST_NODE_HOST + index);
}

export function controlPlaneAddresses(config: LabConfig): string[] {
  return addressesOf(config, CONTROL_PLANE_HOST);
}

export function outsideAddresses(config: LabConfig, index: number): string[] {
  return addressesOf(config, FIRST_OUTSIDE_HOST + index);
}

/** `address` with the prefix length of the underlay CIDR it is from: `172.30.0.11/16`. */
export function withPrefix(config: LabConfig, address: string): string {
  const bytes = parseAddress(address)!;
  const cidr = config.underlayCidrs.map(text => parseCidr(text)!).find(each => contains(each, bytes))!;
  return `${address}/${cidr.prefixLength}`;
}

function addressesOf(config: LabConfig, host: number): string[] {
  return config.underlayCidrs.map(text => formatAddress(nthAddress(parseCidr(text)!, host)));
}
