/**
 * One forwarded connection: the client's bytes to a port inside the Pod's network and back, each way closed on its own.
 */
import type { Pod } from "@podwire/api";
import type { NodeStreams } from "../../node-streams.ts";
import { toApiError } from "../../registry/store-errors.ts";

export interface PortClient {
  readonly port: number;
  /** Ends when the client will send no more. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when the client takes more. */
  write(bytes: Uint8Array): Promise<void>;
  /** The Pod sends no more. */
  closeOutput(): void;
  /** It went wrong, or the Pod's end was cut: nothing more will come. */
  fail(message: string): Promise<void>;
  /** Resolves when the client wants no more of either direction; not when both have ended well. */
  readonly gone: Promise<void>;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}

/** Resolves when the connection is over. Never rejects. */
export async function forwardPort(nodes: NodeStreams, pod: Pod, client: PortClient): Promise<void> {
  const { port } = client;
  try {
    const stream = await nodes.open(pod, "", { portForward: { port, address: undefined } });
    void client.gone.then(() => stream.close());
    void copyInput(client.input, stream);
    for await (const frame of stream.frames) {
      if ("stdout" in frame) await client.write(frame.stdout);
      else if ("stdoutClosed" in frame) client.closeOutput();
      else if ("exit" in frame && frame.exit.message !== "") throw new Error(frame.exit.message);
    }
    client.closeOutput();
  } catch (error) {
    const { uid, name } = pod.metadata;
    const why = error instanceof Error && error.name === "Error" ? error.message : toApiError(error).message;
    await client.fail(`error forwarding port ${port} to pod ${name}, uid ${uid}: ${why}`);
  }
}

async function copyInput(
  input: AsyncIterable<Uint8Array>,
  stream: Awaited<ReturnType<NodeStreams["open"]>>,
): Promise<void> {
  for await (const bytes of input) await stream.send({ stdin: bytes });
  await stream.send({ stdinClosed: true });
}
