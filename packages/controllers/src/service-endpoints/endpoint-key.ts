/**
 * When two endpoints are the same one, and when the same one has changed. What is not part of the identity changes
 * in place (upstream: k8s.io/endpointslice, util/endpointset.go, EndpointsEqualBeyondHash).
 */
import type { Endpoint } from "@podwire/api";

export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  const text = addresses.length === 1 ? addresses[0] : [...addresses].sort().join();
  return `${text} ${hostname} ${targetRef?.namespace ?? ""}/${targetRef?.name ?? ""}`;
}

/** Of endpoints of the same key. Hints are nobody's fact but given when slices are packed. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving &&
    a.conditions?.terminating === b.conditions?.terminating &&
    a.targetRef?.uid === b.targetRef?.uid &&
    a.targetRef?.kind === b.targetRef?.kind &&
    a.targetRef?.apiVersion === b.targetRef?.apiVersion &&
    a.targetRef?.fieldPath === b.targetRef?.fieldPath
  );
}
