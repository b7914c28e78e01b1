/** `apply`: each manifest is created, or merged into the object that is there; what is equal is not written. */
import { isReason, type Kind, type KubernetesObject, type NewObject, setDefaults } from "@podwire/api";
import type { ApiClient, ObjectRef } from "@podwire/client";
import { kindOfManifest } from "./check.ts";
import { LAST_APPLIED, mergeApplied } from "./merge.ts";
import type { Manifest, ManifestObject } from "./read.ts";

export interface Applied {
  /** `pod/web` */
  readonly what: string;
  readonly outcome?: "created" | "configured" | "unchanged";
  readonly error?: Error;
}

/** Goes on after an object that failed; each outcome is yielded when it is there. */
export async function* applyManifests(
  client: ApiClient,
  manifests: readonly Manifest[],
  namespace: string,
): AsyncGenerator<Applied> {
  for (const manifest of manifests) {
    const kind = kindOfManifest(manifest);
    const ref = refOf(kind, manifest.object, namespace);
    const what = `${kind.singular}/${ref.name}`;
    try {
      yield { what, outcome: await applyOne(client, kind, ref, manifest.object) };
    } catch (error) {
      yield { what, error: error as Error };
    }
  }
}

export function refOf(kind: Kind, object: ManifestObject, namespace: string): ObjectRef {
  const { name } = object.metadata;
  return kind.namespaced ? { namespace: object.metadata.namespace ?? namespace, name } : { name };
}

async function applyOne(
  client: ApiClient,
  kind: Kind,
  ref: ObjectRef,
  manifest: ManifestObject,
): Promise<NonNullable<Applied["outcome"]>> {
  const desired = withLastApplied(manifest, ref);
  let before: string | undefined;
  try {
    const after = await client.mutate(kind, ref, copy => {
      before = copy.metadata.resourceVersion;
      become(copy, mergeApplied(copy, desired, previouslyApplied(copy)) as KubernetesObject);
      setDefaults(kind, copy);
      return undefined;
    });
    return after.metadata.resourceVersion === before ? "unchanged" : "configured";
  } catch (error) {
    if (before !== undefined || !isReason(error, "NotFound")) throw error;
  }
  await client.create(kind, desired as unknown as NewObject<KubernetesObject>);
  return "created";
}

/** Edits `object` in place until it is as `wanted`. */
function become(object: object, wanted: object): void {
  const fields = object as Record<string, unknown>;
  for (const key of Object.keys(fields)) if (!Object.hasOwn(wanted, key)) delete fields[key];
  Object.assign(fields, wanted);
}

/** The manifest with its namespace and with itself as an annotation, so that the next apply knows what it set. */
function withLastApplied(manifest: ManifestObject, ref: ObjectRef): ManifestObject {
  const namespace = ref.namespace === undefined ? {} : { namespace: ref.namespace };
  const metadata: ManifestObject["metadata"] = { ...manifest.metadata, ...namespace };
  const annotations = { ...(metadata.annotations as Record<string, string> | undefined) };
  delete annotations[LAST_APPLIED];
  const applied = JSON.stringify({ ...manifest, metadata: { ...metadata, annotations } });
  return { ...manifest, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: applied } } };
}

function previouslyApplied(live: KubernetesObject): unknown {
  try {
    return JSON.parse(live.metadata.annotations?.[LAST_APPLIED] ?? "null");
  } catch {
    return undefined; // written by something else
  }
}
