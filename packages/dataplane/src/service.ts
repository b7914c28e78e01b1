/**
 * The Service stage: for the first packet of a flow, chooses a backend for a destination that is a Service's
 * and writes it over the packet's destination, so that egress policy and route see the backend; the flow's
 * reply tuple then has the backend as its source. No destination is a Service's yet: every flow goes on as it is.
 */
import type { Packet } from "./packet.ts";

/** What the stage said, kept in the flow. */
export const ServiceVerdict = {
  /** The destination is no Service's. */
  untranslated: 0,
} as const;

export function chooseBackend(_packet: Packet): number {
  return ServiceVerdict.untranslated;
}
