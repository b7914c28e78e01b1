/** Files of this tree, found from the package: the program runs from its modules or from a bundle of them. */
import { fileURLToPath } from "node:url";

/** The absolute path of `path`, such as `examples/demo.yaml`. */
export function checkoutPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.resolve("@podwire/cli/package.json")));
}
