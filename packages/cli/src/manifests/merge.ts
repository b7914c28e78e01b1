/**
 * What `apply` writes: the live object with the manifest's fields put in. Maps are merged, a field that the last
 * applied manifest had and this one has not is removed, and everything else, lists too, is as the manifest says.
 * What others set (status, defaults, nodeName) stays.
 */

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

type Fields = Record<string, unknown>;

/** `previous` is the manifest of the last apply, undefined when there was none. */
export function mergeApplied(live: unknown, manifest: unknown, previous: unknown): unknown {
  if (!isMap(live) || !isMap(manifest)) return mergeList(live, manifest, previous);
  const before = isMap(previous) ? previous : {};
  const merged: Fields = { ...live };
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(manifest, key)) delete merged[key];
  }
  for (const [key, value] of Object.entries(manifest)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeApplied(live[key], value, before[key]);
  }
  return merged;
}

/**
 * Lists of named maps (containers, ports with names, env) are merged by name, so that defaults inside of their
 * items stay; items follow the manifest's order, and those that only the live object has are dropped.
 */
function mergeList(live: unknown, manifest: unknown, previous: unknown): unknown {
  if (!isNamedList(manifest) || !isNamedList(live)) return manifest;
  const before = isNamedList(previous) ? previous : [];
  return manifest.map(item =>
    mergeApplied(
      live.find(each => each.name === item.name),
      item,
      before.find(each => each.name === item.name),
    ),
  );
}

function isNamedList(value: unknown): value is Fields[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(item => isMap(item) && typeof item.name === "string")
  );
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
