/** ConfigMaps and Secrets as the runtime reads them, and what it says when one is missing. */
import type { ConfigReference } from "@podwire/api";

export type ConfigKind = ConfigReference["kind"];

/** A ConfigMap or a Secret as JSON: a Secret's `data` and a ConfigMap's `binaryData` are base64. */
export interface ConfigObject {
  metadata: { namespace: string; name: string };
  data?: Record<string, string> | undefined;
  binaryData?: Record<string, string> | undefined;
}

/** What the node knows of the objects that its Pods refer to. */
export interface ConfigObjects {
  /** Undefined: there is none of that name. */
  get(kind: ConfigKind, namespace: string, name: string): ConfigObject | undefined;
}

/** An object that is not there (yet): whoever needs it waits until it appears. */
export class MissingObject extends Error {
  override name = "MissingObject";
}

export function findObject(
  objects: ConfigObjects,
  kind: ConfigKind,
  namespace: string,
  name: string,
): ConfigObject {
  const object = objects.get(kind, namespace, name);
  if (!object) throw new MissingObject(`${kind.toLowerCase()} "${name}" not found`);
  return object;
}

/** All values of an object as bytes. */
export function objectBytes(kind: ConfigKind, object: ConfigObject): Map<string, Buffer> {
  const encoding = kind === "Secret" ? "base64" : "utf8";
  const values = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(object.data ?? {})) values.set(key, Buffer.from(value, encoding));
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    values.set(key, Buffer.from(value, "base64"));
  }
  return values;
}

/** The values that variables can be made of: a ConfigMap's `binaryData` cannot. */
export function objectTexts(kind: ConfigKind, object: ConfigObject): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(object.data ?? {})) {
    texts.set(key, kind === "Secret" ? Buffer.from(value, "base64").toString("utf8") : value);
  }
  return texts;
}
