/** Makes and deletes the Pods of an owner, and says so in Events of the owner (upstream: RealPodControl). */
import {
  ApiError,
  type Kind,
  type KubernetesObject,
  type NewObject,
  type Pod,
  type PodTemplateSpec,
} from "@podwire/api";
import type { RecordEvent } from "../context.ts";
import type { Owned } from "./owned.ts";
import { controllerReference, referenceTo } from "./ownership.ts";

export class PodControl {
  readonly pods: Owned<Pod>;
  readonly #recordEvent: RecordEvent;
  readonly #component: string;

  constructor(pods: Owned<Pod>, recordEvent: RecordEvent, component: string) {
    this.pods = pods;
    this.#recordEvent = recordEvent;
    this.#component = component;
  }

  /** Nothing is made in a namespace that is on its way out, and nobody need be told. */
  async create(owner: KubernetesObject, pod: NewObject<Pod>): Promise<Pod | undefined> {
    try {
      const created = await this.pods.create(pod);
      this.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      this.event(owner, "Warning", "FailedCreate", `Error creating: ${(error as Error).message}`);
      throw error;
    }
  }

  async delete(owner: KubernetesObject, pod: Pod): Promise<void> {
    try {
      await this.pods.delete(pod);
      this.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
    } catch (error) {
      this.event(owner, "Warning", "FailedDelete", `Error deleting: ${(error as Error).message}`);
      throw error;
    }
  }

  event(owner: KubernetesObject, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#recordEvent(referenceTo(owner), type, reason, message, { component: this.#component });
  }
}

export function isNamespaceTerminating(error: unknown): boolean {
  const causes = error instanceof ApiError ? error.details?.causes : undefined;
  return causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
}

/** With a name of the owner's name and a random end. */
export function podFromTemplate(
  template: PodTemplateSpec,
  ownerKind: Kind,
  owner: KubernetesObject,
): NewObject<Pod> & { spec: Pod["spec"] } {
  const { labels, annotations, finalizers } = structuredClone(template.metadata ?? {}) as Pod["metadata"];
  const { name, namespace } = owner.metadata;
  return {
    metadata: {
      generateName: `${name}-`,
      namespace: namespace!,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    spec: structuredClone(template.spec ?? { containers: [] }),
  };
}
