/**
 * The node's end of the node stream:
 *
 *   connect -> Register (with the revision to resume from) -> Registered -> what was not acknowledged
 *           -> changes in, heartbeats and statuses out -> cut -> the same again, within LIMITS.reconnectDelayMs
 *
 * It ends only by `stop` or when the control plane refuses this node for good (a registration it cannot
 * take, or a newer daemon of the same name): then `refused` is called.
 */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import {
  type Event,
  type Frame,
  type FromNode,
  NodeSync,
  type ObjectName,
  type PodRef,
  LIMITS as PROTOCOL_LIMITS,
  type Register,
  type ToNodeBatch,
} from "@podwire/protocol";
import { Attachment } from "./attachment.ts";
import { LIMITS } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { whyUnreachable } from "./unreachable.ts";
import { type NodeSyncHandlers, View } from "./view.ts";

/** Register without what the client keeps itself. */
export type NodeRegistration = Omit<Register, "resumeRevision" | "resumeHistory">;

/** PEM. */
export interface NodeTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The server is dialled by the path of a socket, which is in no certificate. */
  readonly serverName: string;
}

export interface NodeSyncOptions {
  /** A gRPC target: "unix:/run/…/nodes.sock" or "host:port". */
  address: string;
  /** The node's certificate, and the authority and the name of the server's. */
  tls: NodeTls;
  /** What this node says of itself; asked on each connection. */
  registration: () => NodeRegistration;
  handlers: NodeSyncHandlers;
  /** The connection came or went; for logs. */
  connection?: (state: { connected: true } | { connected: false; why: string }) => void;
  /** There is no connection, and why: once for each reason in a row. */
  unreachable?: (why: string) => void;
  /** The control plane does not take this daemon; it will not connect again. */
  refused: (why: string) => void;
  /** Why the node cannot run pods yet, until `setReady`. */
  notReady?: string;
  heartbeatIntervalMs?: number;
}

export interface NodeEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** `spec.containers{web}` when it is about a container of the Pod. */
  fieldPath?: string;
}

const noEvent = {
  pod: { namespace: "", name: "", uid: "" },
  service: { namespace: "", name: "" },
  fieldPath: "",
};

type SyncCall = ClientDuplexStream<FromNode, ToNodeBatch>;

const REFUSALS: readonly number[] = [status.INVALID_ARGUMENT, status.ABORTED, status.UNIMPLEMENTED];

export class NodeSyncClient {
  readonly #options: NodeSyncOptions;
  readonly #view: View;
  readonly #outbox = new Outbox();
  readonly #channel: Client;
  #call: SyncCall | undefined;
  #registered = false;
  #notReady: string;
  #heartbeat: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryDelayMs: number = LIMITS.reconnectDelayMs.first;
  #stopped = false;
  #lastUnreachable: string | undefined;

  constructor(options: NodeSyncOptions) {
    this.#options = options;
    this.#notReady = options.notReady ?? "the node daemon is starting";
    this.#view = new View(options.handlers, uid => this.#outbox.forget(uid));
    this.#channel = new Client(options.address, credentialsOf(options.tls), {
      "grpc.ssl_target_name_override": options.tls.serverName,
      "grpc.default_authority": options.tls.serverName,
      "grpc.initial_reconnect_backoff_ms": LIMITS.reconnectDelayMs.first,
      "grpc.max_reconnect_backoff_ms": LIMITS.reconnectDelayMs.most,
      "grpc.max_receive_message_length": PROTOCOL_LIMITS.messageBytes,
      "grpc.max_send_message_length": PROTOCOL_LIMITS.messageBytes,
      "grpc.keepalive_time_ms": LIMITS.keepaliveIntervalMs,
      "grpc.keepalive_timeout_ms": LIMITS.keepaliveTimeoutMs,
      "grpc.enable_retries": 0,
      "grpc.enable_channelz": 0,
    });
  }

  /** The last revision that was applied; 0 before the first. */
  get revision(): number {
    return this.#view.revision;
  }

  start(): void {
    const every = this.#options.heartbeatIntervalMs ?? LIMITS.heartbeatIntervalMs;
    this.#heartbeat = setInterval(() => (this.#registered ? this.#beat() : void this.#askWhy()), every);
    this.#connect();
  }

  /** Nothing is called back after this. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#call?.cancel();
    this.#channel.close();
  }

  /** Whether the node can run pods; the reason, when not, becomes the message of its condition Ready. */
  setReady(notReady = ""): void {
    if (notReady === this.#notReady) return;
    this.#notReady = notReady;
    this.#beat();
  }

  /** Reports a PodStatus; it will be stored, unless a newer one of the same Pod replaces it first. */
  podStatus(pod: PodRef, status: object): void {
    this.#send(this.#outbox.status(pod, status));
  }

  /** Every container of a Pod marked for deletion has ended: its object may go. */
  podGone(pod: PodRef): void {
    this.#send(this.#outbox.gone(pod));
  }

  /** An Event about a Pod or, without one, about this node. */
  event(pod: PodRef | undefined, { type, reason, message, fieldPath = "" }: NodeEvent): void {
    const about = pod ?? { namespace: "", name: "", uid: "" };
    this.#sendEvent({ ...noEvent, pod: about, type, reason, message, component: "kubelet", fieldPath });
  }

  /** An Event about a Service, from the node's service proxy. */
  serviceEvent(service: ObjectName, { type, reason, message }: NodeEvent): void {
    this.#sendEvent({ ...noEvent, service, type, reason, message, component: "kube-proxy" });
  }

  #sendEvent(event: Event): void {
    if (this.#registered) this.#send({ message: { case: "event", value: event } });
    else this.#outbox.queueEvent(event);
  }

  /** Connects the stream that an OpenStream asked for. */
  attach(streamId: string): Attachment {
    const { path, request, response } = NodeSync.Attach;
    const call = this.#channel.makeBidiStreamRequest<Frame, Frame>(
      path,
      message => request.encode(message),
      bytes => response.decode(bytes),
      new Metadata(),
    );
    return new Attachment(call, streamId);
  }

  /** Statuses and PodGone that the control plane has not confirmed yet. */
  get unacknowledged(): number {
    return this.#outbox.unacknowledged;
  }

  #connect(): void {
    const { path, request, response } = NodeSync.Sync;
    const call: SyncCall = this.#channel.makeBidiStreamRequest<FromNode, ToNodeBatch>(
      path,
      message => request.encode(message),
      bytes => response.decode(bytes),
      new Metadata({ waitForReady: true }),
    );
    this.#call = call;
    call.on("data", batch => this.#receive(batch));
    call.on("error", error => this.#ended(call, error as ServiceError));
    call.on("end", () => this.#ended(call, undefined));
    const resume = { resumeRevision: this.#view.revision, resumeHistory: this.#view.history };
    call.write({ message: { case: "register", value: { ...this.#options.registration(), ...resume } } });
  }

  #receive({ messages }: ToNodeBatch): void {
    if (this.#stopped) return;
    for (const entry of messages) {
      const { message } = entry;
      if (message.case === "statusStored") this.#outbox.stored(message.value.pod.uid, message.value.sequence);
      else if (message.case === "registered") {
        this.#view.connected(message.value);
        this.#onRegistered();
      } else this.#view.apply(entry);
    }
    this.#options.handlers.applied();
  }

  #onRegistered(): void {
    this.#registered = true;
    this.#lastUnreachable = undefined;
    this.#retryDelayMs = LIMITS.reconnectDelayMs.first;
    this.#options.connection?.({ connected: true });
    // "Not ready yet" can wait for its second: most nodes are ready before, and are spared the condition and taints.
    if (this.#notReady === "") this.#beat();
    for (const message of this.#outbox.resend()) this.#send(message);
  }

  #ended(call: SyncCall, error: ServiceError | undefined): void {
    if (this.#stopped || this.#call !== call) return;
    this.#call = undefined;
    this.#registered = false;
    const why = error?.details ?? "the control plane ended the stream";
    this.#options.connection?.({ connected: false, why });
    if (error !== undefined && REFUSALS.includes(error.code)) {
      this.stop();
      this.#options.refused(why);
      return;
    }
    this.#retry = setTimeout(() => this.#connect(), this.#retryDelayMs);
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, LIMITS.reconnectDelayMs.most);
  }

  async #askWhy(): Promise<void> {
    const why = await whyUnreachable(this.#channel);
    if (why === undefined || why === this.#lastUnreachable || this.#registered || this.#stopped) return;
    this.#lastUnreachable = why;
    this.#options.unreachable?.(why);
  }

  #beat(): void {
    this.#send({ message: { case: "heartbeat", value: { notReady: this.#notReady } } });
  }

  #send(message: FromNode): void {
    if (this.#registered) this.#call?.write(message);
  }
}

function credentialsOf({ ca, cert, key }: NodeTls): ChannelCredentials {
  return credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert));
}
