/**
 * How the server reaches a container: a two-way stream of frames with the node that runs its Pod. The node stream
 * server implements it. Exec, attach, logs and forwarded connections differ only in how the stream is opened.
 */
import type { Pod } from "@podwire/api";

export interface ExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface LogsRequest {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Undefined: all. */
  readonly tailLines: number | undefined;
  /** Milliseconds since 1970. */
  readonly sinceTimeMs: number | undefined;
  readonly limitBytes: number | undefined;
}

export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** One connection to a port inside the Pod's network. */
export interface PortForwardRequest {
  readonly port: number;
  /** An address of the Pod; undefined: localhost. */
  readonly address: string | undefined;
}

export type StreamRequest =
  | { readonly exec: ExecRequest }
  | { readonly attach: AttachRequest }
  | { readonly logs: LogsRequest }
  | { readonly portForward: PortForwardRequest };

export type FrameToContainer =
  | { readonly stdin: Uint8Array }
  | { readonly stdinClosed: true }
  | { readonly resize: { readonly columns: number; readonly rows: number } };

export type FrameFromContainer =
  | { readonly stdout: Uint8Array }
  | { readonly stderr: Uint8Array }
  /** Of a forwarded connection: the Pod sends no more, but may still receive. */
  | { readonly stdoutClosed: true }
  /** Last. `message` says what went wrong when no process could be run, and is empty otherwise. */
  | { readonly exit: { readonly code: number; readonly message: string } };

export interface NodeStream {
  /** Resolves when the next frame may be sent: backpressure. Ignored once the stream has ended. */
  send(frame: FrameToContainer): Promise<void>;
  /** Frames as they come; ends after `exit`. Throws an `ApiError` when the node goes away. */
  readonly frames: AsyncIterable<FrameFromContainer>;
  /** The client has gone: the node ends the process or stops reading the log. */
  close(): void;
}

export interface NodeStreams {
  /**
   * Resolves when the node has attached. Throws an `ApiError` when it is not connected or does not attach in
   * time. The Pod is bound to a node and has this container (none: a forwarded port).
   */
  open(pod: Pod, container: string, request: StreamRequest): Promise<NodeStream>;
}
