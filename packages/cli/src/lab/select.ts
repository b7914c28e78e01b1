/** Which lab a command is for, and its API. */
import type { Kind } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import { UsageError } from "../errors.ts";

export interface LabSelection {
  /** `--name`, else PODWIRE_LAB, else `lab`. */
  readonly name: string;
}

export async function selectedName({ name }: LabSelection): Promise<string> {
  const { checkLabName, isLabName } = await import("@podwire/lab");
  if (isLabName(name)) return name;
  try {
    checkLabName(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return name;
}

/** The API client of a lab that is up. */
export async function clientOf(selection: LabSelection): Promise<ApiClient> {
  const name = await selectedName(selection);
  const [{ readState }, { ApiClient: Client }] = await Promise.all([
    import("@podwire/lab"),
    import("@podwire/client"),
  ]);
  return new Client({ url: readState(name).apiUrl });
}

/** A kind by any of its names; UsageError with the nearest known one. */
export async function kindNamed(text: string): Promise<Kind> {
  const { allKinds, kindByUserName } = await import("@podwire/api");
  const kind = kindByUserName(text);
  if (kind) return kind;
  const { closest } = await import("@podwire/lab");
  const guess = closest(
    text,
    allKinds.flatMap(each => [each.plural, each.singular]),
  );
  const known = allKinds.map(each => each.plural).join(", ");
  throw new UsageError(
    `unknown kind "${text}"${guess ? ` (did you mean "${guess}"?)` : ""}; known are ${known}`,
  );
}
