/**
 * The gRPC server of the node daemons (proto/podwire/v1/node.proto): Sync becomes a Session, of which the
 * newest of a name wins; Attach becomes one end of a stream to a container. Both ends of a connection prove who they
 * are (mutual TLS): a node is the one that its certificate names, and no other.
 */
import { chmodSync, rmSync } from "node:fs";
import { connect } from "node:net";
import {
  ServerCredentials as GrpcCredentials,
  Server,
  type ServiceDefinition,
  type StatusObject,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type Frame, type FromNode, NodeSync, LIMITS as PROTOCOL_LIMITS } from "@podwire/protocol";
import type { ServerCredentials } from "../http/front.ts";
import type { NodeStreams } from "../node-streams.ts";
import { LIMITS } from "./limits.ts";
import { checkIsNode, nodeOf } from "./node-identity.ts";
import type { SyncCall } from "./outgoing.ts";
import { type AttachCall, Relay } from "./relay.ts";
import { Session, type SessionContext } from "./session.ts";
import { StreamError } from "./stream-error.ts";

export interface NodeServerOptions extends SessionContext {
  /** A gRPC address: "unix:/run/podwire/lab/control-plane/nodes.sock" or "host:port". */
  readonly address: string;
  readonly credentials: ServerCredentials;
  /** How long a node may take to open a stream; LIMITS.attachTimeoutMs, shortened by tests. */
  readonly attachTimeoutMs?: number;
}

export interface NodeServer {
  readonly streams: NodeStreams;
  /** Names of the nodes that are connected and registered. */
  connected(): string[];
  /** Cuts all streams; the nodes go on and look for the next control plane. */
  close(): Promise<void>;
}

/** Resolves when nodes can connect. Throws an Error that names the address and the way out. */
export async function serveNodes(options: NodeServerOptions): Promise<NodeServer> {
  const sessions = new Map<string, Session>();
  const relay = new Relay(node => {
    const session = sessions.get(node);
    return session?.open ? session : undefined;
  }, options.attachTimeoutMs ?? LIMITS.attachTimeoutMs);
  const server = new Server({
    "grpc.max_receive_message_length": PROTOCOL_LIMITS.messageBytes,
    "grpc.max_send_message_length": PROTOCOL_LIMITS.messageBytes,
    // Also finds a node whose daemon is frozen: its streams are cut, and their clients told.
    "grpc.keepalive_time_ms": LIMITS.keepaliveIntervalMs,
    "grpc.keepalive_timeout_ms": LIMITS.keepaliveTimeoutMs,
    // Channelz stays on: without it forceShutdown of grpc-js 1.14 leaves connections open.
  });
  server.addService(SERVICE, {
    Sync: (call: SyncCall) => serveSync(call, options, sessions, relay),
    Attach: (call: AttachCall) => serveAttach(call, relay),
  } as unknown as UntypedServiceImplementation);
  await bind(server, options);
  return {
    streams: { open: async (pod, container, request) => relay.open(pod, container, request) },
    connected: () => [...sessions.values()].filter(({ open }) => open).map(({ name }) => name),
    close: async () => {
      const stopping = new StreamError("retry", "the control plane is shutting down");
      for (const session of sessions.values()) session.end(stopping);
      await shutDown(server);
    },
  };
}

/** Lets the nodes hear why their streams end; one that does not listen is not waited for. */
async function shutDown(server: Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, LIMITS.shutdownGraceMs);
  });
  await Promise.race([late, new Promise<void>(resolve => server.tryShutdown(() => resolve()))]);
  clearTimeout(timer);
  server.forceShutdown();
}

const SERVICE: ServiceDefinition = {
  Sync: {
    path: NodeSync.Sync.path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: FromNode) => NodeSync.Sync.request.encode(message),
    requestDeserialize: (bytes: Buffer) => NodeSync.Sync.request.decode(bytes),
    // Sessions write batches that are encoded already.
    responseSerialize: (batch: Buffer) => batch,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
  Attach: {
    path: NodeSync.Attach.path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (frame: Frame) => NodeSync.Attach.request.encode(frame),
    requestDeserialize: (bytes: Buffer) => NodeSync.Attach.request.decode(bytes),
    responseSerialize: (frame: Frame) => NodeSync.Attach.response.encode(frame),
    responseDeserialize: (bytes: Buffer) => NodeSync.Attach.response.decode(bytes),
  },
};

function serveSync(
  call: SyncCall,
  context: SessionContext,
  sessions: Map<string, Session>,
  relay: Relay,
): void {
  let session: Session | undefined;
  const over = () => {
    session?.end();
    if (session === undefined || sessions.get(session.name) !== session) return;
    sessions.delete(session.name);
    relay.nodeGone(session.name);
  };
  call.on("data", (message: FromNode) => {
    try {
      if (session !== undefined) return session.receive(message);
      session = begin(call, message, context, sessions);
      // What an older daemon of this name was asked for will not come.
      relay.nodeGone(session.name);
      session.run().finally(over);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      if (session !== undefined) session.end(error);
      else call.emit("error", error.status);
    }
  });
  call.on("cancelled", over);
  call.on("error", over);
  call.on("end", () => {
    over();
    call.end();
  });
}

function begin(
  call: SyncCall,
  { message }: FromNode,
  context: SessionContext,
  sessions: Map<string, Session>,
): Session {
  if (message.case !== "register" || message.value.name === "") {
    throw new StreamError("refused", "a Sync stream begins with a Register that names the node");
  }
  const { name } = message.value;
  checkIsNode(call, name);
  const session = new Session(call, message.value, context);
  const older = sessions.get(name);
  sessions.set(name, session);
  older?.end(new StreamError("replaced", `Node "${name}": another daemon has registered under this name`));
  return session;
}

function serveAttach(call: AttachCall, relay: Relay): void {
  // Whoever reads the stream hears of its end by itself; unread, an error must not end the process.
  call.on("error", () => undefined);
  call.once("data", ({ streamId }: Frame) => {
    call.pause();
    if (relay.attach(call, streamId, nodeOf(call))) return;
    const details = `no client waits for the stream "${streamId}" (any more)`;
    call.emit("error", { code: status.NOT_FOUND, details } satisfies Partial<StatusObject>);
  });
}

async function bind(server: Server, { address, credentials }: NodeServerOptions): Promise<void> {
  const path = /^unix:(.*)$/.exec(address)?.[1];
  if (path !== undefined) await freeSocket(path);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, credentialsOf(credentials), error => {
      if (error)
        reject(new Error(`nodes cannot be served on ${address}: ${error.message}`, { cause: error }));
      else resolve();
    });
  });
  // Whoever connects is a node of the cluster: only the owner may.
  if (path !== undefined) chmodSync(path, 0o600);
}

function credentialsOf({ clientAuthority, certificate, key }: ServerCredentials): GrpcCredentials {
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  return GrpcCredentials.createSsl(Buffer.from(clientAuthority), [pair], true);
}

/** sockaddr_un has room for this much, unix(7). */
const SOCKET_PATH_BYTES = 107;

/** A socket that a killed control plane left behind is removed; one that answers is somebody's. */
async function freeSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
    throw new Error(
      `${path}: a socket's path has at most ${SOCKET_PATH_BYTES} bytes; use a shorter directory`,
    );
  }
  const answered = await new Promise<boolean>(resolve => {
    const probe = connect(path);
    probe.once("connect", () => resolve(true)).once("error", () => resolve(false));
    probe.once("connect", () => probe.destroy());
  });
  if (answered) throw new Error(`${path}: another control plane serves nodes there; stop it first`);
  rmSync(path, { force: true });
}
