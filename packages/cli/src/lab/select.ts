/** Which lab a command is for, and its API. */
import type { Kind, LabelMatcher } from "@podwire/api";
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
  const [{ adminApiServer }, { ApiClient: Client }] = await Promise.all([
    import("@podwire/lab"),
    import("@podwire/client"),
  ]);
  return new Client(adminApiServer(name));
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

/** `--selector`; UsageError when it is none. */
export async function labelsOf(selector: string | undefined): Promise<LabelMatcher | undefined> {
  if (selector === undefined) return undefined;
  const { parseLabelSelector } = await import("@podwire/api");
  try {
    return parseLabelSelector(selector);
  } catch (error) {
    throw new UsageError(`--selector: ${(error as Error).message}`, { cause: error });
  }
}

/** The pod of a command line: `web`, or as kubectl has it too, `pod/web`. */
export async function podNamed(text: string): Promise<string> {
  const [first = "", name, ...rest] = text.split("/");
  if (name === undefined && first !== "") return first;
  const { kindByUserName } = await import("@podwire/api");
  if (name && rest.length === 0 && kindByUserName(first)?.kind === "Pod") return name;
  throw new UsageError(`"${text}" must be a pod, such as web or pod/web`);
}
