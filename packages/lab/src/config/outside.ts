/** Hosts outside of the cluster: named once, and not as nodes are. */
import { type Checking, problem } from "./checking.ts";

export function resolveOutside(checking: Checking, nodes: readonly { readonly name: string }[]): string[] {
  const taken = new Map(nodes.map(({ name }) => [name, "a node"]));
  return (checking.file.outside ?? []).map(({ name }, index) => {
    const owner = taken.get(name);
    if (owner !== undefined) {
      problem(
        checking,
        `outside[${index}].name`,
        `"${name}" is already the name of ${owner}, names must differ`,
      );
    }
    taken.set(name, "an outside host");
    return name;
  });
}
