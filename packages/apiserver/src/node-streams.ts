/**
 * How the server reaches a container: a two-way stream of frames with the node that runs its Pod. The node stream
 * server implements it; `/log` and `/exec` use it. Exec, attach and logs differ only in how the stream is opened.
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
  readonly sinceSeconds: number | undefined;
  readonly limitBytes: number | undefined;
}

export type StreamRequest = { readonly exec: ExecRequest } | { readonly logs: LogsRequest };

export type FrameToContainer =
  | { readonly stdin: Uint8Array }
  | { readonly stdinClosed: true }
  | { readonly resize: { readonly columns: number; readonly rows: number } };

export type FrameFromContainer =
  | { readonly stdout: Uint8Array }
  | { readonly stderr: Uint8Array }
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
   * time. The Pod is bound to a node and has this container.
   */
  open(pod: Pod, container: string, request: StreamRequest): Promise<NodeStream>;
}
