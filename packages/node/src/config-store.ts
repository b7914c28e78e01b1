/** The ConfigMaps and Secrets that this node's Pods refer to, as the control plane last told of them. In memory only. */
import type { ConfigKind, ConfigObject, ConfigObjects } from "@podwire/runtime";

export class ConfigStore implements ConfigObjects {
  readonly #objects = new Map<string, ConfigObject>();

  get(kind: ConfigKind, namespace: string, name: string): ConfigObject | undefined {
    return this.#objects.get(`${kind}/${namespace}/${name}`);
  }

  set(kind: ConfigKind, object: ConfigObject): void {
    const { namespace, name } = object.metadata;
    this.#objects.set(`${kind}/${namespace}/${name}`, object);
  }

  delete(kind: ConfigKind, namespace: string, name: string): void {
    this.#objects.delete(`${kind}/${namespace}/${name}`);
  }
}
