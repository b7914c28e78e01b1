/**
 * Host ports of a Pod on this node -> rows of the table of Services: the Pod is the only backend.
 *
 *   hostIP unset   all addresses of this node, of the families that the Pod has one of
 *   hostIP         that address of the node's; the same port of another is another's
 *
 * Clients keep their addresses: their answers come back through this node, where the Pod is.
 */
import { isIpv4, parseAddress, type ServiceRow, type Words } from "@podwire/tables";
import { NODE_IPV4, NODE_IPV6, type Omit, PROTOCOLS } from "./service-rows.ts";

export interface HostPort {
  /** Empty: all addresses. */
  readonly hostIp: string;
  readonly hostPort: number;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
  readonly containerPort: number;
  readonly podIps: readonly string[];
}

export function hostPortRows(
  pod: string,
  ports: readonly HostPort[],
  owner: number,
  omit: Omit,
): ServiceRow[] {
  return ports.flatMap(({ hostIp, hostPort, protocol: name, containerPort, podIps }) => {
    const protocol = PROTOCOLS[name];
    // 0.0.0.0 and :: are what the table means by all addresses of a family.
    const own = hostIp === "" ? undefined : parseAddress(hostIp);
    if (protocol === undefined || (hostIp !== "" && own === undefined)) {
      const message = `hostPort ${hostPort} of hostIP "${hostIp}" and protocol "${name}" cannot be served`;
      omit({ object: `Pod ${pod}`, field: "ports", message });
      return [];
    }
    return podIps.flatMap(text => {
      const words = parseAddress(text);
      if (words === undefined || !isAt(own, words)) return [];
      return {
        words: own ?? (isIpv4(words) ? NODE_IPV4 : NODE_IPV6),
        protocol,
        port: hostPort,
        backends: [{ words, port: containerPort }],
        accepting: 1,
        keepsSource: true,
        owner,
      };
    });
  });
}

/** Whether a Pod's address serves at a host address: one of its family, or all. */
function isAt(hostAddress: Words | undefined, podAddress: Words): boolean {
  return hostAddress === undefined || isIpv4(hostAddress) === isIpv4(podAddress);
}
