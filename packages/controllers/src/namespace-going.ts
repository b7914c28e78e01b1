/** Writes into a namespace that is on its way out. */
import { isReason } from "@podwire/api";

/** It takes nothing new while it is going away, and nothing at all once it is gone: nobody need be told. */
export function isNamespaceGoing(error: unknown): boolean {
  return isReason(error, "Forbidden") || isReason(error, "NotFound");
}
