/** Why the control plane ends a node's stream: a gRPC status whose message names the node. */
import { type StatusObject, status } from "@grpc/grpc-js";

/** How the node's daemon takes it: `refused` for good (it ends), `retry` at once. */
export type Consequence = "refused" | "replaced" | "slow" | "retry";

const CODES: Record<Consequence, number> = {
  refused: status.INVALID_ARGUMENT,
  replaced: status.ABORTED,
  slow: status.RESOURCE_EXHAUSTED,
  retry: status.UNAVAILABLE,
};

export class StreamError extends Error {
  override name = "StreamError";
  readonly consequence: Consequence;

  constructor(consequence: Consequence, message: string, cause?: unknown) {
    super(message, { cause });
    this.consequence = consequence;
  }

  get status(): Partial<StatusObject> {
    return { code: CODES[this.consequence], details: this.message };
  }
}
