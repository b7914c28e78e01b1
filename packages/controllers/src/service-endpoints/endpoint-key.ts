/**
 * When two endpoints are the same one, and when the same one has changed. What is not part of the identity changes
 * in place (upstream: k8s.io/endpointslice, util/endpointset.go, EndpointsEqualBeyondHash).
 */
import { type Endpoint, jsonEqual } from "@podwire/api";

export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  const { namespace = "", name = "" } = targetRef ?? {};
  return `${[...addresses].sort().join()} ${hostname} ${namespace}/${name}`;
}

/** Of endpoints of the same key. Hints are nobody's fact but given when slices are packed. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    jsonEqual(a.conditions, b.conditions) &&
    jsonEqual({ ...a.targetRef, resourceVersion: undefined }, { ...b.targetRef, resourceVersion: undefined })
  );
}
