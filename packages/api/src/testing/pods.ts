/** Objects for tests: admitted as a request would be. */
import { admit } from "../admit.ts";
import type { NewObject } from "../core/meta.ts";
import type { Pod } from "../core/pod.ts";
import { kinds } from "../kinds/table.ts";

/** A valid Pod with one container, changed by `parts`. */
export function podManifest(parts: Record<string, unknown> = {}): NewObject<Pod> {
  const spec = { containers: [{ name: "app", image: "nginx" }], ...(parts.spec as object) };
  return { metadata: { name: "web", namespace: "default" }, ...parts, spec } as NewObject<Pod>;
}

export function admittedPod(parts: Record<string, unknown> = {}): Pod {
  const { object } = admit(kinds.pods, podManifest(parts));
  kinds.pods.prepareCreate(object);
  return object;
}
