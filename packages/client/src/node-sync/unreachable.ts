/**
 * Why a channel has no connection. Calls that wait for one never say: a call that does not wait fails with the reason
 * of the last attempt.
 */
import { type Client, connectivityState, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { NodeSync } from "@podwire/protocol";
import { LIMITS } from "./limits.ts";

/** Undefined when there is a connection, or one is being made for the first time. */
export async function whyUnreachable(channel: Client): Promise<string | undefined> {
  const state = channel.getChannel().getConnectivityState(false);
  if (state !== connectivityState.TRANSIENT_FAILURE) return undefined;
  const bytes = (message: Buffer) => message;
  // Should it get through after all, the deadline ends it.
  const deadline = Date.now() + LIMITS.probeTimeoutMs;
  const call = channel.makeBidiStreamRequest(NodeSync.Attach.path, bytes, bytes, new Metadata(), {
    deadline,
  });
  const { code, details } = await new Promise<ServiceError>(resolve => call.once("error", resolve));
  return code === status.UNAVAILABLE ? reasonIn(details) : undefined;
}

/** grpc-js wraps the error of the socket, and sometimes adds the time: the same reason is to read the same. */
export function reasonIn(details: string): string {
  const error =
    /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*\))?\. Resolution note/.exec(details)?.[1] ?? details;
  // A server in Node verifies a client's certificate after the handshake, and closes without an alert.
  const isClosed =
    /^(Failed to connect|Connection closed|Client network socket disconnected)|ECONNRESET|EPIPE/.test(error);
  return isClosed
    ? `the control plane closed the connection in the TLS handshake, as it does when it refuses this node's certificate: was it made by the authority of this cluster?`
    : error;
}
