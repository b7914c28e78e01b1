/** Objects that a controller keeps as they should be, whoever changes or deletes them. */
import { isReason, type Kind, type KubernetesObject, type NewObject } from "@podwire/api";
import type { Api } from "@podwire/client";
import { isNamespaceGoing } from "./namespace-going.ts";

/**
 * Creates the object, or lets `correct` edit the one that is there; a copy that is left as it was is not written.
 * A namespace that is going away takes nothing new, and that is no failure.
 */
export async function ensure<T extends KubernetesObject>(
  api: Api,
  kind: Kind<T>,
  wanted: NewObject<T> & { metadata: { name: string; namespace?: string } },
  correct: (copy: T) => void,
): Promise<void> {
  const { namespace, name } = wanted.metadata;
  try {
    await api.mutate(kind, { namespace, name }, correct);
  } catch (error) {
    if (!isReason(error, "NotFound")) throw error;
    await create(api, kind, wanted);
  }
}

async function create<T extends KubernetesObject>(
  api: Api,
  kind: Kind<T>,
  wanted: NewObject<T>,
): Promise<void> {
  try {
    await api.create(kind, wanted);
  } catch (error) {
    if (!isNamespaceGoing(error) && !isReason(error, "AlreadyExists")) throw error;
  }
}
