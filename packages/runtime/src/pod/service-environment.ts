/** Variables of Services (`enableServiceLinks`): the one place that fills them in. */
import type { Pod } from "@podwire/api";

/** Services as variables for a Pod that is about to start. None: nodes do not hear of Services yet. */
export function serviceEnvironment(_pod: Pod): ReadonlyMap<string, string> {
  return new Map();
}
