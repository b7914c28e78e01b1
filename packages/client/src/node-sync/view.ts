/**
 * What the node knows of the cluster, kept level: it turns the messages of the stream into calls of the
 * daemon's handlers and remembers only names, so that after a snapshot it can tell what is gone.
 *
 *   change                  -> the handler of its kind, then `revision` moves on
 *   SnapshotBegin           -> start collecting the names that the snapshot mentions
 *   SnapshotEnd             -> "gone" for every name it did not mention, then `synced`
 *
 * A cut in the middle of a snapshot leaves revision 0 behind, so the next stream begins with a snapshot.
 */
import type { ConfigMap, Pod, Secret } from "@podwire/api";
import type {
  EndpointSlice,
  ObjectName,
  OpenStream,
  Peer,
  PodAddresses,
  PodRef,
  Registered,
  Service,
  ToNode,
} from "@podwire/protocol";

/** What the daemon does with what the control plane says. Called in the order of the changes; must not throw. */
export interface NodeSyncHandlers {
  /** The first message of every connection: the node's pod CIDRs, the same ones on a reconnect. */
  registered(message: Registered): void;
  /** A node of the overlay, also this one; new or changed. */
  peer(peer: Peer): void;
  peerGone(name: string): void;
  /** It exists; what else changes in it is not told. */
  namespace(name: string): void;
  namespaceGone(name: string): void;
  /** A Pod of any node that has addresses and has not ended, new or changed. */
  podAddresses(addresses: PodAddresses): void;
  podAddressesGone(pod: PodRef): void;
  /** A Pod bound to this node, new or changed; with metadata.deletionTimestamp it is to be ended. */
  pod(pod: Pod): void;
  /** The Pod object is gone; whatever still runs of it has no owner any more. */
  podDeleted(pod: PodRef): void;
  /** A ConfigMap or Secret that Pods of this node refer to, new or changed; before the first of these Pods. */
  config(kind: ConfigKind, object: ConfigMap | Secret): void;
  /** It was deleted, or no Pod of this node refers to it any more. */
  configGone(kind: ConfigKind, name: ObjectName): void;
  /** Any Service, new or changed. */
  service(service: Service): void;
  serviceGone(name: ObjectName): void;
  /** Endpoints of a Service, which need not be known, or not yet. */
  endpointSlice(slice: EndpointSlice): void;
  endpointSliceGone(name: ObjectName): void;
  /** A snapshot is complete: what was not named since `registered` does not exist. */
  synced(): void;
  /** Everything that arrived at this moment has been handed over: the time to recompile. */
  applied(): void;
  /** Someone wants a stream of a Pod; answer with `attach(request.streamId)`. */
  openStream(request: OpenStream): void;
}

export type ConfigKind = "ConfigMap" | "Secret";

interface Names {
  peers: Set<string>;
  namespaces: Set<string>;
  addresses: Map<string, PodRef>;
  pods: Map<string, PodRef>;
  services: Map<string, ObjectName>;
  slices: Map<string, ObjectName>;
  configs: Map<string, { kind: ConfigKind; name: ObjectName }>;
}

const noNames = (): Names => ({
  peers: new Set(),
  namespaces: new Set(),
  addresses: new Map(),
  pods: new Map(),
  services: new Map(),
  slices: new Map(),
  configs: new Map(),
});

export class View {
  /** The last revision applied, and the history it counts in. */
  revision = 0;
  history = "";
  readonly #handlers: NodeSyncHandlers;
  readonly #forget: (uid: string) => void;
  #known = noNames();
  #named: Names | undefined;

  /** `forget` hears of every Pod of this node whose object is gone. */
  constructor(handlers: NodeSyncHandlers, forget: (uid: string) => void) {
    this.#handlers = handlers;
    this.#forget = forget;
  }

  /** A new connection: a snapshot that was cut does not go on. */
  connected(message: Registered): void {
    if (this.#named !== undefined) this.revision = 0;
    this.#named = undefined;
    this.history = message.history;
    this.#handlers.registered(message);
  }

  apply({ revision, message }: ToNode): void {
    if (message.case === "snapshotBegin") this.#named = noNames();
    else if (message.case === "snapshotEnd") this.#endSnapshot();
    else this.#change(message);
    if (revision > 0) this.revision = revision;
  }

  #change(message: ToNode["message"]): void {
    const handlers = this.#handlers;
    if (this.#serviceChange(message)) return;
    if (message.case === "peer") {
      this.#note(names => names.peers.add(message.value.name));
      handlers.peer(message.value);
    } else if (message.case === "peerGone") {
      this.#note(names => names.peers.delete(message.value.name));
      handlers.peerGone(message.value.name);
    } else if (message.case === "namespace") {
      this.#note(names => names.namespaces.add(message.value.name));
      handlers.namespace(message.value.name);
    } else if (message.case === "namespaceGone") {
      this.#note(names => names.namespaces.delete(message.value.name));
      handlers.namespaceGone(message.value.name);
    } else if (message.case === "podAddresses") {
      this.#note(names => names.addresses.set(message.value.pod.uid, message.value.pod));
      handlers.podAddresses(message.value);
    } else if (message.case === "podAddressesGone") {
      this.#note(names => names.addresses.delete(message.value.pod.uid));
      handlers.podAddressesGone(message.value.pod);
    } else if (message.case === "pod") {
      this.#pod(JSON.parse(Buffer.from(message.value).toString("utf8")) as Pod);
    } else if (message.case === "podDeleted") {
      this.#note(names => names.pods.delete(message.value.uid));
      this.#podDeleted(message.value);
    } else if (message.case === "configMap") this.#config("ConfigMap", message.value);
    else if (message.case === "secret") this.#config("Secret", message.value);
    else if (message.case === "configMapGone") this.#configGone("ConfigMap", message.value);
    else if (message.case === "secretGone") this.#configGone("Secret", message.value);
    else if (message.case === "openStream") {
      handlers.openStream(message.value);
    }
  }

  /** True when that is what it was. */
  #serviceChange(message: ToNode["message"]): boolean {
    const handlers = this.#handlers;
    if (message.case === "service") {
      const { namespace, name } = message.value;
      this.#note(names => names.services.set(`${namespace}/${name}`, { namespace, name }));
      handlers.service(message.value);
    } else if (message.case === "serviceGone") {
      this.#note(names => names.services.delete(`${message.value.namespace}/${message.value.name}`));
      handlers.serviceGone(message.value);
    } else if (message.case === "endpointSlice") {
      const { namespace, name } = message.value;
      this.#note(names => names.slices.set(`${namespace}/${name}`, { namespace, name }));
      handlers.endpointSlice(message.value);
    } else if (message.case === "endpointSliceGone") {
      this.#note(names => names.slices.delete(`${message.value.namespace}/${message.value.name}`));
      handlers.endpointSliceGone(message.value);
    } else return false;
    return true;
  }

  #pod(pod: Pod): void {
    const { namespace, name, uid } = pod.metadata;
    this.#note(names => names.pods.set(uid, { namespace, name, uid }));
    this.#handlers.pod(pod);
  }

  #config(kind: ConfigKind, json: Uint8Array): void {
    const object = JSON.parse(Buffer.from(json).toString("utf8")) as ConfigMap | Secret;
    const { namespace, name } = object.metadata;
    this.#note(names =>
      names.configs.set(`${kind}/${namespace}/${name}`, { kind, name: { namespace, name } }),
    );
    this.#handlers.config(kind, object);
  }

  #configGone(kind: ConfigKind, name: ObjectName): void {
    this.#note(names => names.configs.delete(`${kind}/${name.namespace}/${name.name}`));
    this.#handlers.configGone(kind, name);
  }

  #podDeleted(pod: PodRef): void {
    this.#forget(pod.uid);
    this.#handlers.podDeleted(pod);
  }

  /** Names go to what is known and, during a snapshot, to what the snapshot named. */
  #note(note: (names: Names) => void): void {
    note(this.#known);
    if (this.#named !== undefined) note(this.#named);
  }

  #endSnapshot(): void {
    const named = this.#named;
    if (named === undefined) return;
    const before = this.#known;
    this.#known = named;
    this.#named = undefined;
    for (const name of before.peers) if (!named.peers.has(name)) this.#handlers.peerGone(name);
    for (const name of before.namespaces) {
      if (!named.namespaces.has(name)) this.#handlers.namespaceGone(name);
    }
    for (const [uid, pod] of before.addresses) {
      if (!named.addresses.has(uid)) this.#handlers.podAddressesGone(pod);
    }
    for (const [uid, pod] of before.pods) if (!named.pods.has(uid)) this.#podDeleted(pod);
    for (const [key, { kind, name }] of before.configs) {
      if (!named.configs.has(key)) this.#handlers.configGone(kind, name);
    }
    for (const [key, name] of before.services) if (!named.services.has(key)) this.#handlers.serviceGone(name);
    for (const [key, name] of before.slices)
      if (!named.slices.has(key)) this.#handlers.endpointSliceGone(name);
    this.#handlers.synced();
  }
}
