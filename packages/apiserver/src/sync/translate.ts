/**
 * What one node hears of one change of a Node, a Namespace, a Pod, a Service or an EndpointSlice: the messages, encoded. A message is encoded once for
 * all streams; each stream remembers what it last said of an object, and says nothing twice.
 *
 *   Node                -> Peer | PeerGone
 *   Namespace           -> Namespace | NamespaceGone
 *   Pod of any node     -> PodAddresses | PodAddressesGone
 *   Pod of this node    -> the Pod as JSON | PodDeleted
 *   Service             -> Service | ServiceGone
 *   EndpointSlice       -> EndpointSlice | EndpointSliceGone
 */
import type { EndpointSlice, KubernetesObject, Node, Pod, Service } from "@podwire/api";
import { type PodAddresses, type PodRef, ToNode } from "@podwire/protocol";
import type { Stored } from "../registry/registry.ts";
import { peerOf } from "./peers.ts";
import { endpointSliceOf, serviceOf } from "./services.ts";

/** Messages of one change; they travel in one batch or not at all. */
export type EncodedChange = readonly Buffer[];

export interface ObservedChange {
  /** 0 in a snapshot. */
  readonly revision: number;
  readonly stored: Stored;
  readonly deleted: boolean;
}

type Said = Map<string, Buffer | "gone">;

export class Translator {
  readonly #node: string;
  readonly #peers: Said = new Map();
  readonly #namespaces: Said = new Map();
  readonly #addresses: Said = new Map();
  readonly #services: Said = new Map();
  readonly #slices: Said = new Map();
  /** The node may hold things that this stream never mentioned: "gone" is said of the unknown, too. */
  readonly #resumed: boolean;

  constructor(node: string, resumed: boolean) {
    this.#node = node;
    this.#resumed = resumed;
  }

  translate(change: ObservedChange): EncodedChange {
    const { object } = change.stored;
    switch (object.kind) {
      case "Node":
        return this.#translateNode(change, object as Node);
      case "Namespace":
        return this.#translateNamespace(change);
      case "Service":
        return this.#translateNamed(change, this.#services, serviceMessage, "serviceGone");
      case "EndpointSlice":
        return this.#translateNamed(change, this.#slices, sliceMessage, "endpointSliceGone");
      default:
        return this.#translatePod(change, object as Pod);
    }
  }

  #translateNode(change: ObservedChange, node: Node): EncodedChange {
    const { name } = node.metadata;
    const announce = change.deleted ? undefined : encoded(change, peerMessage);
    if (announce !== undefined) return this.#say(this.#peers, name, announce);
    const gone: ToNode = { revision: change.revision, message: { case: "peerGone", value: { name } } };
    return this.#sayGone(this.#peers, name, gone, change.deleted);
  }

  #translateNamespace(change: ObservedChange): EncodedChange {
    const { name } = change.stored.object.metadata;
    if (!change.deleted) return this.#say(this.#namespaces, name, encoded(change, namespaceMessage)!);
    const gone: ToNode = { revision: change.revision, message: { case: "namespaceGone", value: { name } } };
    return this.#sayGone(this.#namespaces, name, gone, true);
  }

  #translatePod(change: ObservedChange, pod: Pod): EncodedChange {
    const own = pod.spec.nodeName === this.#node ? [ownPod(change, pod)] : [];
    return [...this.#translateAddresses(change, pod), ...own];
  }

  #translateAddresses(change: ObservedChange, pod: Pod): EncodedChange {
    const { uid } = pod.metadata;
    const announce = change.deleted ? undefined : encoded(change, addressesMessage);
    if (announce !== undefined) return this.#say(this.#addresses, uid, announce);
    const value = { pod: podRef(pod) };
    const gone: ToNode = { revision: change.revision, message: { case: "podAddressesGone", value } };
    return this.#sayGone(this.#addresses, uid, gone, change.deleted);
  }

  #translateNamed(
    change: ObservedChange,
    said: Said,
    encode: Encode,
    goneCase: "serviceGone" | "endpointSliceGone",
  ): EncodedChange {
    const { namespace = "", name } = change.stored.object.metadata;
    const key = `${namespace}/${name}`;
    const announce = change.deleted ? undefined : encoded(change, encode);
    if (announce !== undefined) return this.#say(said, key, announce);
    const message = { case: goneCase, value: { namespace, name } };
    return this.#sayGone(said, key, { revision: change.revision, message }, change.deleted);
  }

  #say(said: Said, key: string, announce: Announcement): EncodedChange {
    const before = said.get(key);
    if (before !== undefined && before !== "gone" && before.equals(announce.content)) return [];
    said.set(key, announce.content);
    return [announce.message];
  }

  #sayGone(said: Said, key: string, gone: ToNode, forget: boolean): EncodedChange {
    const before = said.get(key);
    if (forget) said.delete(key);
    else said.set(key, "gone");
    const unheardOf = before === undefined && !this.#resumed;
    return unheardOf || before === "gone" ? [] : [ToNode.encode(gone)];
  }
}

interface Announcement {
  readonly message: Buffer;
  /** The message without its revision: what is compared. */
  readonly content: Buffer;
}

type Encode = (object: KubernetesObject) => ToNode["message"] | undefined;

/** Per stored object: what the first stream encoded, for the others. */
const cache = new WeakMap<Stored, Announcement | undefined>();

function encoded({ stored, revision }: ObservedChange, encode: Encode): Announcement | undefined {
  if (cache.has(stored) && revision > 0) return cache.get(stored);
  const message = encode(stored.object);
  if (message === undefined) return undefined;
  const content = ToNode.encode({ revision: 0, message });
  const announcement = { content, message: revision > 0 ? ToNode.encode({ revision, message }) : content };
  if (revision > 0) cache.set(stored, announcement);
  return announcement;
}

function peerMessage(object: KubernetesObject): ToNode["message"] | undefined {
  const value = peerOf(object as Node);
  return value && { case: "peer", value };
}

function namespaceMessage({ metadata }: KubernetesObject): ToNode["message"] {
  return { case: "namespace", value: { name: metadata.name } };
}

function addressesMessage(object: KubernetesObject): ToNode["message"] | undefined {
  const value = podAddresses(object as Pod);
  return value && { case: "podAddresses", value };
}

function serviceMessage(object: KubernetesObject): ToNode["message"] | undefined {
  const value = serviceOf(object as Service);
  return value && { case: "service", value };
}

function sliceMessage(object: KubernetesObject): ToNode["message"] | undefined {
  const value = endpointSliceOf(object as EndpointSlice);
  return value && { case: "endpointSlice", value };
}

function ownPod({ stored, revision, deleted }: ObservedChange, pod: Pod): Buffer {
  if (deleted) return ToNode.encode({ revision, message: { case: "podDeleted", value: podRef(pod) } });
  return ToNode.encode({ revision, message: { case: "pod", value: stored.json } });
}

/** Undefined for a Pod that has no address of its own: none yet, its node's, or none any more. */
function podAddresses(pod: Pod): PodAddresses | undefined {
  const { phase, podIPs } = pod.status;
  const ended = phase === "Succeeded" || phase === "Failed";
  if (ended || pod.spec.hostNetwork || !podIPs?.length || !pod.spec.nodeName) return undefined;
  return { pod: podRef(pod), node: pod.spec.nodeName, addresses: podIPs.map(({ ip }) => ip) };
}

export function podRef(pod: Pod): PodRef {
  const { namespace, name, uid } = pod.metadata;
  return { namespace, name, uid };
}
