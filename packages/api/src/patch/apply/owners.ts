/**
 * Who owns which fields of an object: `metadata.managedFields` as sets
 * (apimachinery/pkg/util/managedfields/internal/managedfields.go).
 */
import type { KubernetesObject, ManagedFieldsEntry } from "../../core/meta.ts";
import { jsonEqual } from "../../values/equal.ts";
import { parseTime } from "../../values/time.ts";
import type { FieldSet } from "./field-set.ts";
import { type FieldsV1, parseFields, printFields } from "./fields-v1.ts";
import { compareText } from "./path-element.ts";

export interface OwnerName {
  readonly manager: string;
  /** `Apply`: by server-side apply. `Update`: by any other write. */
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** "": the object itself. */
  readonly subresource: string;
}

export interface Owner extends OwnerName {
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** As stored, while nothing has changed it. */
  readonly printed?: FieldsV1;
}

/** By `ownerId`. */
export type Owners = ReadonlyMap<string, Owner>;

export const NO_OWNERS: Owners = new Map();

/** One who applies is the same in every version; one who updates is another in each. */
export function ownerId({ manager, operation, apiVersion, subresource }: OwnerName): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** `trusted`: printed by the server, so that what does not change need not be printed again. */
function parseOwners(entries: readonly ManagedFieldsEntry[], trusted: boolean): Owners {
  const owners = new Map<string, Owner>();
  for (const [at, entry] of entries.entries()) {
    const { manager = "", operation, apiVersion = "", subresource = "", time } = entry;
    if (operation !== "Apply" && operation !== "Update") {
      throw new SyntaxError("operation must be `Apply` or `Update`");
    }
    if (apiVersion === "") throw new SyntaxError("apiVersion must not be empty");
    checkFieldsType(entry, at);
    const name: OwnerName = { manager, operation, apiVersion, subresource };
    const fields = parseFields(entry.fieldsV1);
    const printed = trusted ? { printed: entry.fieldsV1 as FieldsV1 } : {};
    owners.set(ownerId(name), { ...name, time, fields, ...printed });
  }
  return owners;
}

function checkFieldsType({ fieldsType = "" }: ManagedFieldsEntry, at: number): void {
  if (fieldsType === "FieldsV1") return;
  throw new SyntaxError(
    fieldsType === ""
      ? `missing fieldsType in managed fields entry ${at}`
      : `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${at}`,
  );
}

/** None when the entries cannot be read: as upstream, the object is then one whose fields nobody owns. */
export function ownersOf(object: KubernetesObject): Owners {
  try {
    return parseOwners(object.metadata.managedFields ?? [], true);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return NO_OWNERS;
  }
}

/**
 * Those to begin with when `next` replaces `stored`: a client may edit the entries, and one that does not know of
 * them leaves them as they are. An empty list, or one empty entry, resets them.
 */
export function ownersToUpdate(stored: KubernetesObject | undefined, next: KubernetesObject): Owners {
  const given = next.metadata.managedFields;
  const [only] = given ?? [];
  if (given?.length === 0 || (given?.length === 1 && Object.keys(only!).length === 0)) return NO_OWNERS;
  const kept = stored === undefined ? NO_OWNERS : ownersOf(stored);
  if (given === undefined || jsonEqual(given, stored?.metadata.managedFields)) return kept;
  try {
    return parseOwners(given, false);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return kept;
  }
}

/** Undefined: nobody owns anything. */
export function printOwners(owners: Owners): ManagedFieldsEntry[] | undefined {
  if (owners.size === 0) return undefined;
  return [...owners.values()].sort(compareOwners).map(each => ({
    manager: each.manager,
    operation: each.operation,
    apiVersion: each.apiVersion,
    ...(each.time !== undefined && { time: each.time }),
    fieldsType: "FieldsV1",
    fieldsV1: each.printed ?? printFields(each.fields),
    ...(each.subresource !== "" && { subresource: each.subresource }),
  }));
}

/** Those who apply first, then by time. */
function compareOwners(a: Owner, b: Owner): number {
  return (
    compareText(a.operation, b.operation) ||
    timeOf(a) - timeOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** In seconds; 0 for one without. */
export function timeOf({ time }: Owner): number {
  return Math.floor((time === undefined ? 0 : (parseTime(time) ?? 0)) / 1_000);
}

/** True when nothing but times differs. */
export function sameOwners(
  a: readonly ManagedFieldsEntry[] | undefined = [],
  b: readonly ManagedFieldsEntry[] | undefined = [],
): boolean {
  if (a.length !== b.length) return false;
  return a.every((entry, at) => ownersText(entry) === ownersText(b[at]!));
}

function ownersText(entry: ManagedFieldsEntry): string {
  const { manager, operation, apiVersion, subresource, fieldsV1 } = entry;
  return JSON.stringify([manager, operation, apiVersion, subresource, fieldsV1]);
}
