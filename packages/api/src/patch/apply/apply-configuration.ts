/**
 * Server-side apply: the configuration is merged into the object, what its manager applied before and no longer does
 * goes, and what others own is a conflict unless forced (KEP-555; apimachinery/pkg/util/managedfields).
 */
import type { KubernetesObject, ManagedFieldsEntry } from "../../core/meta.ts";
import { badRequest } from "../../errors.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import { jsonEqual } from "../../values/equal.ts";
import { ApplyError } from "./apply-error.ts";
import { blankOf } from "./blank.ts";
import { configurationProblems } from "./check-applied.ts";
import { compareObjects } from "./compare.ts";
import { applyConflict } from "./conflicts.ts";
import { difference, NO_FIELDS, withoutTrees } from "./field-set.ts";
import { fieldsOf } from "./fields-of.ts";
import { ignoredFields } from "./ignored.ts";
import { fieldsLastApplied, withLastApplied } from "./last-applied.ts";
import { asObject, type JsonObject } from "./members.ts";
import { mergeApplied } from "./merge.ts";
import {
  NO_OWNERS,
  type Owner,
  type OwnerName,
  type Owners,
  ownerId,
  ownersOf,
  printOwners,
} from "./owners.ts";
import { contested, owned, takeFromOthers } from "./ownership.ts";
import { prune } from "./prune.ts";
import { ofVersion, updateOwners, type Writer } from "./track-update.ts";

export interface Applied {
  /** As JSON: still to be decoded and given its defaults. */
  readonly object: JsonObject;
  readonly managedFields: ManagedFieldsEntry[] | undefined;
}

/** Owns what is found in an object of which nobody was known to own anything. */
const BEFORE_FIRST_APPLY = "before-first-apply";

/**
 * `stored` undefined: the object does not exist yet. Throws a Conflict, a BadRequest, and ApplyError for what is no
 * configuration of the kind.
 */
export function applyConfiguration(
  kind: Kind,
  stored: KubernetesObject | undefined,
  configuration: unknown,
  writer: Writer,
  force: boolean,
): Applied {
  const applied = checkConfiguration(kind, configuration);
  const live = withoutOwners(stored ?? blankOf(kind));
  const known = stored === undefined ? NO_OWNERS : ownersOf(stored);
  const owners = known.size > 0 ? known : firstOwners(kind, live, writer);
  const outcome = apply(kind, live, applied, owners, writer);
  if (outcome.conflicts.size > 0 && !force) refuseConflicts(kind, live, outcome.conflicts, writer);
  const object = writer.manager === "kubectl" ? withLastApplied(outcome.object, applied) : outcome.object;
  return { object, managedFields: printOwners(outcome.owners) };
}

function checkConfiguration(kind: Kind, configuration: unknown): JsonObject {
  const applied = asObject(configuration) ?? {};
  const version = typeof applied.apiVersion === "string" ? applied.apiVersion : "";
  const kindName = typeof applied.kind === "string" ? applied.kind : "";
  if (version !== apiVersionOf(kind) || kindName !== kind.kind) {
    throw badRequest(`invalid object type: ${describeType(version, kindName)}`);
  }
  const { name, namespace, managedFields } = asObject(applied.metadata) ?? {};
  if (managedFields !== undefined && managedFields !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  const problems = configurationProblems(kind.schema, applied);
  if (problems.length === 0) return applied;
  const what = `${text(namespace)}/${text(name)}; ${describeType(version, kindName)}`;
  const list =
    problems.length === 1 ? problems[0] : ["errors:", ...problems.map(each => `  ${each}`)].join("\n");
  throw new ApplyError(`failed to create typed patch object (${what}): ${list}`);
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** As Go prints a GroupVersionKind: `/v1, Kind=Pod`. */
function describeType(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") || apiVersion === "" ? apiVersion || "/" : `/${apiVersion}`}, Kind=${kind}`;
}

function withoutOwners(object: KubernetesObject): KubernetesObject & JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function firstOwners(kind: Kind, live: KubernetesObject, writer: Writer): Owners {
  return updateOwners(kind, NO_OWNERS, blankOf(kind), live, { ...writer, manager: BEFORE_FIRST_APPLY });
}

interface Outcome {
  readonly object: JsonObject;
  readonly owners: Owners;
  /** What others owned of what changed. */
  readonly conflicts: Owners;
}

function apply(
  kind: Kind,
  live: KubernetesObject & JsonObject,
  applied: JsonObject,
  owners: Owners,
  { manager, subresource = "", time }: Writer,
): Outcome {
  const { schema } = kind;
  const name: OwnerName = { manager, operation: "Apply", apiVersion: apiVersionOf(kind), subresource };
  const id = ownerId(name);
  const ignored = ignoredFields(kind, subresource);
  const last = owners.get(id);
  const self: Owner = {
    ...name,
    time: last?.time,
    fields: withoutTrees(fieldsOf(schema, applied), ignored),
  };
  const claimed = new Map([...ofVersion(owners, name.apiVersion), [id, self]]);
  const merged = mergeApplied(schema, live, applied);
  const object = prune(schema, merged, claimed, last?.fields ?? NO_FIELDS);
  const change = compareObjects(schema, live, object, ignored);
  const conflicts = contested(claimed, id, change);
  const result = new Map(takeFromOthers(claimed, id, change));
  const fields = owned(self.fields);
  const isSame = jsonEqual(live, object);
  if (fields.size === 0) result.delete(id);
  else result.set(id, { ...self, fields, time: isSame ? last?.time : time });
  return { object: isSame ? live : object, owners: result, conflicts };
}

function refuseConflicts(kind: Kind, live: KubernetesObject, conflicts: Owners, { manager }: Writer): void {
  // What kubectl applied on the client's side, and is still as applied, was its own all along.
  const allowed = manager === "kubectl" ? fieldsLastApplied(kind, live) : NO_FIELDS;
  const left = [...conflicts]
    .map(([id, each]) => [id, { ...each, fields: difference(each.fields, allowed) }] as const)
    .filter(([, { fields }]) => fields.size > 0);
  if (left.length > 0) throw applyConflict(new Map(left));
}
