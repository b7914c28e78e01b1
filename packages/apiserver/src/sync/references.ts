/**
 * The ConfigMaps and Secrets that the Pods of one node refer to, as its stream tells of them:
 *
 *   a Pod begins to refer to one    the object as it is now, before the Pod itself
 *   the object changes or goes      the change
 *   no Pod refers to it any more    gone
 *
 * What is read for a Pod may be newer than the change that the stream is at; older changes of it are then left out.
 */
import { type ConfigReference, configReferences, isReason, kinds, type Pod } from "@podwire/api";
import { ToNode } from "@podwire/protocol";
import type { Registry, Stored, WatchEvent } from "../registry/registry.ts";

interface Told {
  reference: ConfigReference;
  namespace: string;
  /** Of the object as last told; 0: there was none. */
  revision: number;
  /** uids of the Pods that refer to it. */
  pods: Set<string>;
}

export class References {
  readonly #registry: Registry;
  readonly #told = new Map<string, Told>();
  readonly #ofPod = new Map<string, Set<string>>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Messages that go before those of a new, changed or deleted Pod of the node. */
  async pod(pod: Pod, deleted: boolean): Promise<Buffer[]> {
    const { uid, namespace } = pod.metadata;
    const wanted = new Map(
      deleted ? [] : configReferences(pod).map(each => [keyOf(each.kind, namespace, each.name), each]),
    );
    const messages: Buffer[] = [];
    for (const [key, reference] of wanted) {
      const known = this.#told.get(key);
      if (known) known.pods.add(uid);
      else messages.push(await this.#tell(key, reference, namespace, uid));
    }
    for (const key of this.#ofPod.get(uid) ?? []) {
      if (!wanted.has(key)) messages.push(...this.#release(key, uid));
    }
    if (wanted.size > 0) this.#ofPod.set(uid, new Set(wanted.keys()));
    else this.#ofPod.delete(uid);
    return messages;
  }

  /** Messages for a change of any ConfigMap or Secret: none when it does not concern the node. */
  changed({ type, revision, stored }: WatchEvent): Buffer[] {
    const { kind, metadata } = stored.object;
    const key = keyOf(kind as ConfigReference["kind"], metadata.namespace ?? "", metadata.name);
    const told = this.#told.get(key);
    if (!told || revision <= told.revision) return [];
    told.revision = revision;
    return [type === "DELETED" ? gone(told, revision) : present(told, stored, revision)];
  }

  async #tell(key: string, reference: ConfigReference, namespace: string, uid: string): Promise<Buffer> {
    const kind = reference.kind === "ConfigMap" ? kinds.configMaps : kinds.secrets;
    const told: Told = { reference, namespace, revision: 0, pods: new Set([uid]) };
    this.#told.set(key, told);
    try {
      const stored: Stored = await this.#registry.get(kind, { namespace, name: reference.name });
      told.revision = stored.revision;
      return present(told, stored, 0);
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
      // Said although there is nothing: a node that resumes may have one that was deleted meanwhile.
      return gone(told, 0);
    }
  }

  #release(key: string, uid: string): Buffer[] {
    const told = this.#told.get(key);
    if (!told?.pods.delete(uid) || told.pods.size > 0) return [];
    this.#told.delete(key);
    return [gone(told, 0)];
  }
}

function present({ reference }: Told, stored: Stored, revision: number): Buffer {
  const value = stored.json;
  const message =
    reference.kind === "ConfigMap"
      ? ({ case: "configMap", value } as const)
      : ({ case: "secret", value } as const);
  return ToNode.encode({ revision, message });
}

function gone({ reference, namespace }: Told, revision: number): Buffer {
  const value = { namespace, name: reference.name };
  const message =
    reference.kind === "ConfigMap"
      ? ({ case: "configMapGone", value } as const)
      : ({ case: "secretGone", value } as const);
  return ToNode.encode({ revision, message });
}

function keyOf(kind: ConfigReference["kind"], namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
