/**
 * Streams to containers. A node has no listening port, so it is asked to call back:
 *
 *   open -> OpenStream on the node's Sync stream -> the node calls Attach with the stream's id -> frames
 *
 * One Attach call is one NodeStream; frames pass without being kept, at the pace of the slower side.
 */
import { randomUUID } from "node:crypto";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { type ApiError, type Pod, requestTimeout, serviceUnavailable, tooManyRequests } from "@podwire/api";
import type { Frame, OpenStream } from "@podwire/protocol";
import type { FrameFromContainer, FrameToContainer, NodeStream, StreamRequest } from "../node-streams.ts";
import { LIMITS } from "./limits.ts";
import type { Session } from "./session.ts";
import { podRef } from "./translate.ts";

export type AttachCall = ServerDuplexStream<Frame, Frame>;

interface Pending {
  readonly node: string;
  attached(call: AttachCall): void;
  failed(error: ApiError): void;
}

export class Relay {
  readonly #session: (node: string) => Session | undefined;
  readonly #attachTimeoutMs: number;
  readonly #pending = new Map<string, Pending>();

  constructor(session: (node: string) => Session | undefined, attachTimeoutMs: number) {
    this.#session = session;
    this.#attachTimeoutMs = attachTimeoutMs;
  }

  open(pod: Pod, container: string, request: StreamRequest): Promise<NodeStream> {
    const node = pod.spec.nodeName ?? "";
    const session = this.#session(node);
    if (session === undefined) throw nodeAway(node, pod);
    if (this.#pending.size >= LIMITS.pendingAttachments) {
      throw tooManyRequests(`${LIMITS.pendingAttachments} streams are being opened already; try again`, 1);
    }
    const streamId = randomUUID();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#pending.delete(streamId);
        act();
      };
      const late = () =>
        requestTimeout(`node "${node}" did not open the stream within ${this.#attachTimeoutMs / 1000} s`);
      const timer = setTimeout(() => settle(() => reject(late())), this.#attachTimeoutMs);
      this.#pending.set(streamId, {
        node,
        attached: call => settle(() => resolve(nodeStream(call, node, pod))),
        failed: error => settle(() => reject(error)),
      });
      session.openStream({ streamId, pod: podRef(pod), container, kind: kindOf(request) });
    });
  }

  /**
   * A node called Attach; the first frame says for which stream. False: nobody waits for it any more, or it was another
   * node that was asked.
   */
  attach(call: AttachCall, streamId: string, node: string | undefined): boolean {
    const pending = this.#pending.get(streamId);
    if (pending === undefined || pending.node !== node) return false;
    pending.attached(call);
    return true;
  }

  /** The node's Sync stream has ended: what it was asked for will not come. */
  nodeGone(node: string): void {
    const message = `node "${node}" lost its connection to the control plane`;
    for (const pending of this.#pending.values()) {
      if (pending.node === node) pending.failed(serviceUnavailable(message));
    }
  }
}

function nodeAway(node: string, pod: Pod): ApiError {
  const { namespace, name } = pod.metadata;
  const message = `node "${node}" of pod ${namespace}/${name} is not connected to the control plane; see its Ready condition`;
  return serviceUnavailable(message);
}

function kindOf(request: StreamRequest): OpenStream["kind"] {
  if ("exec" in request)
    return { case: "exec", value: { ...request.exec, command: [...request.exec.command] } };
  if ("attach" in request) return { case: "attach", value: { ...request.attach } };
  if ("portForward" in request) {
    const { port, address = "" } = request.portForward;
    return { case: "portForward", value: { port, address } };
  }
  const { tailLines = -1, sinceTimeMs = 0, limitBytes = 0, ...flags } = request.logs;
  return { case: "logs", value: { ...flags, tailLines, sinceTimeMs, limitBytes } };
}

function nodeStream(call: AttachCall, node: string, pod: Pod): NodeStream {
  const ended = new AbortController();
  const end = () => ended.abort();
  call.once("cancelled", end).once("close", end).once("error", end);
  return {
    send: async frame => {
      for (const piece of pieces(frame)) {
        await send(call, { streamId: "", frame: toFrame(piece) }, ended.signal);
      }
    },
    frames: frames(call, node, pod, ended.signal),
    close: () => {
      end();
      call.end();
    },
  };
}

function* pieces(frame: FrameToContainer): Generator<FrameToContainer> {
  const { frameBytes } = LIMITS;
  if (!("stdin" in frame) || frame.stdin.length <= frameBytes) return yield frame;
  for (let at = 0; at < frame.stdin.length; at += frameBytes) {
    yield { stdin: frame.stdin.subarray(at, at + frameBytes) };
  }
}

function send(call: AttachCall, frame: Frame, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const done = () => {
      ended.removeEventListener("abort", done);
      resolve();
    };
    // A call that was cut never reports its last write.
    ended.addEventListener("abort", done);
    call.write(frame, done);
  });
}

async function* frames(
  call: AttachCall,
  node: string,
  pod: Pod,
  ended: AbortSignal,
): AsyncGenerator<FrameFromContainer> {
  try {
    // The call outlives a reader that stops early: `close` ends it.
    for await (const { frame } of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Frame>) {
      if (frame.case === "exit") {
        yield { exit: frame.value };
        return call.end();
      }
      if (frame.case === "stdout") yield { stdout: frame.value };
      else if (frame.case === "stderr") yield { stderr: frame.value };
      else if (frame.case === "stdoutClosed") yield { stdoutClosed: true };
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
  const { namespace, name } = pod.metadata;
  throw serviceUnavailable(`node "${node}" cut its stream of pod ${namespace}/${name}`);
}

function toFrame(frame: FrameToContainer): Frame["frame"] {
  if ("stdin" in frame) return { case: "stdin", value: frame.stdin };
  if ("resize" in frame) return { case: "resize", value: { ...frame.resize } };
  return { case: "stdinClosed", value: true };
}
