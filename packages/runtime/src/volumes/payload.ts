/**
 * The files of a volume that is made of API objects: configMap, secret, downwardAPI, projected. No I/O. Rules and
 * words are those of pkg/volume/{configmap,secret,downwardapi,projected} upstream.
 */
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from "@podwire/api";
import { type NodeResources, objectField, resourceField } from "../pod/fields.ts";
import { type ConfigKind, type ConfigObjects, findObject, objectBytes } from "./config-objects.ts";

export interface PayloadFile {
  bytes: Buffer;
  mode: number;
}

/** By path inside the volume. */
export type Payload = Map<string, PayloadFile>;

export interface PayloadSources {
  objects: ConfigObjects;
  resources: NodeResources;
}

const DEFAULT_MODE = 0o644;

export function hasPayload(volume: Volume): boolean {
  return (volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected) !== undefined;
}

/** Whether what lies on disk must be memory. */
export function isSecret(volume: Volume): boolean {
  return (
    volume.secret !== undefined ||
    (volume.projected?.sources ?? []).some(source => source.secret !== undefined)
  );
}

/** Throws MissingObject, or an Error that says which key or field is not there. */
export function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Payload {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) {
    const { name, items, optional, defaultMode } = configMap;
    return objectFiles(pod, { kind: "ConfigMap", name, items, optional }, defaultMode, sources);
  }
  if (secret) {
    const { secretName: name, items, optional, defaultMode } = secret;
    return objectFiles(pod, { kind: "Secret", name, items, optional }, defaultMode, sources);
  }
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items ?? [], downwardAPI.defaultMode, sources);
  return projectedFiles(pod, projected!, sources);
}

interface ObjectFiles {
  kind: ConfigKind;
  name: string | undefined;
  items: readonly KeyToPath[] | undefined;
  optional: boolean | undefined;
}

function objectFiles(
  pod: Pod,
  { kind, name = "", items = [], optional = false }: ObjectFiles,
  defaultMode = DEFAULT_MODE,
  { objects }: PayloadSources,
): Payload {
  const { namespace } = pod.metadata;
  if (optional && !objects.get(kind, namespace, name)) return new Map();
  const values = objectBytes(kind, findObject(objects, kind, namespace, name));
  if (items.length === 0) {
    return new Map([...values].map(([key, bytes]) => [key, { bytes, mode: defaultMode }]));
  }
  const payload: Payload = new Map();
  for (const { key, path, mode = defaultMode } of items) {
    const bytes = values.get(key);
    if (bytes) payload.set(path, { bytes, mode });
    else if (!optional) throw new Error(missingKey(kind, key));
  }
  return payload;
}

function missingKey(kind: ConfigKind, key: string): string {
  return kind === "Secret"
    ? `references non-existent secret key: ${key}`
    : `configmap references non-existent config key: ${key}`;
}

function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode = DEFAULT_MODE,
  { resources }: PayloadSources,
): Payload {
  const payload: Payload = new Map();
  for (const { path, fieldRef, resourceFieldRef, mode = defaultMode } of items) {
    const text = fieldRef
      ? objectField(pod, fieldRef.fieldPath)
      : resourceFieldRef
        ? resourceField(pod, undefined, resourceFieldRef, resources)
        : "";
    payload.set(path.replace(/^(\.?\/)+/, ""), { bytes: Buffer.from(text), mode });
  }
  return payload;
}

/** Where two sources give the same path, the later one wins. */
function projectedFiles(pod: Pod, volume: ProjectedVolumeSource, sources: PayloadSources): Payload {
  const payload: Payload = new Map();
  for (const source of volume.sources ?? []) {
    for (const [path, file] of projection(pod, source, volume.defaultMode, sources)) payload.set(path, file);
  }
  return payload;
}

function projection(
  pod: Pod,
  source: VolumeProjection,
  defaultMode: number | undefined,
  sources: PayloadSources,
): Payload {
  const { configMap, secret, downwardAPI, clusterTrustBundle } = source;
  if (configMap) {
    const { name, items, optional } = configMap;
    return objectFiles(pod, { kind: "ConfigMap", name, items, optional }, defaultMode, sources);
  }
  if (secret) {
    const { name, items, optional } = secret;
    return objectFiles(pod, { kind: "Secret", name, items, optional }, defaultMode, sources);
  }
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items ?? [], defaultMode, sources);
  if (clusterTrustBundle && !clusterTrustBundle.optional) {
    throw new Error("clusterTrustBundle: Podwire has no ClusterTrustBundles; set optional or leave it out");
  }
  // serviceAccountToken: nobody issues tokens yet. The volume comes without that file, and an event says so.
  return new Map();
}

/** Paths of the tokens that a volume should hold and does not. */
export function missingTokens(volume: Volume): string[] {
  return (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) =>
    serviceAccountToken ? [serviceAccountToken.path] : [],
  );
}
