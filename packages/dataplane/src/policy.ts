/**
 * The policy stages: NetworkPolicy for the first packet of a flow. Egress is asked on the node of the sending
 * pod, after the Service stage has put the backend in place of the Service; ingress on the node of the
 * receiving pod, before delivery. A pod that no policy selects may do everything, and no policy is in the
 * tables yet: every flow that a policy could be about is allowed.
 */
import { TargetKind, targetKind } from "@podwire/tables";

/** What a stage said, kept in the flow; a negative verdict is `-Drop`. */
export const PolicyVerdict = {
  /** The end is no pod of this node: its own node asks. */
  notAsked: 0,
  allowed: 1,
} as const;

export function egressPolicy(from: number): number {
  return targetKind(from) === TargetKind.pod ? PolicyVerdict.allowed : PolicyVerdict.notAsked;
}

export function ingressPolicy(to: number): number {
  return targetKind(to) === TargetKind.pod ? PolicyVerdict.allowed : PolicyVerdict.notAsked;
}
