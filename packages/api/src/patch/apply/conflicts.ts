/** Why an apply failed: others own what it would change (apimachinery, managedfields/internal/conflict.go). */
import { ApiError, type StatusCause } from "../../errors.ts";
import { describeFields } from "./field-set.ts";
import { type Owner, type Owners, ownerId } from "./owners.ts";
import { compareText } from "./path-element.ts";

/** `conflicts`: of each manager, the fields that are contested. */
export function applyConflict(conflicts: Owners): ApiError {
  const byOwner = [...conflicts.values()]
    .sort((a, b) => compareText(ownerId(a), ownerId(b)))
    .map(manager => ({ who: describeOwner(manager), fields: describeFields(manager.fields) }));
  const causes = byOwner.flatMap(({ who, fields }) =>
    fields.map(
      (field): StatusCause => ({
        reason: "FieldManagerConflict",
        message: `conflict with ${who}`,
        field,
      }),
    ),
  );
  const [first] = causes;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first!.message}: ${first!.field}`
      : `Apply failed with ${causes.length} conflicts: ${byOwner.map(describeConflicts).join("\n")}`;
  return new ApiError(409, "Conflict", message, { causes });
}

function describeConflicts({ who, fields }: { who: string; fields: readonly string[] }): string {
  return [`conflicts with ${who}:`, ...fields.map(field => `- ${field}`)].join("\n");
}

function describeOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager);
  const where = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${name}${where}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
