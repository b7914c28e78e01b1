/** Which objects a command line names: `pods`, `pod web api`, `pod/web node/node-1`, `nodes,pods`. */
import type { Kind } from "@podwire/api";
import { UsageError } from "../errors.ts";
import { kindNamed } from "./select.ts";

export interface Named {
  readonly kind: Kind;
  /** Undefined: all of the kind. */
  readonly name: string | undefined;
}

export async function namedObjects(first: string, others: readonly string[]): Promise<Named[]> {
  if (first.includes("/")) return Promise.all([first, ...others].map(slashed));
  const kinds = await Promise.all(first.split(",").filter(Boolean).map(kindNamed));
  if (kinds.length === 0) throw new UsageError(`"${first}" names no kind`);
  if (others.length === 0) return kinds.map(kind => ({ kind, name: undefined }));
  if (kinds.length > 1)
    throw new UsageError(`names go with one kind; write them as ${first.split(",")[0]}/NAME`);
  return others.map(name => ({ kind: kinds[0]!, name }));
}

async function slashed(text: string): Promise<Named> {
  const [kind = "", name = "", ...rest] = text.split("/");
  if (kind === "" || name === "" || rest.length > 0) {
    throw new UsageError(`"${text}" must be KIND/NAME, such as pod/web`);
  }
  return { kind: await kindNamed(kind), name };
}
