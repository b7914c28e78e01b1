/**
 * PATCH, by content type. A patch is a function from the stored object to the asked one; a server-side apply also
 * decides who owns what, and makes the object when it is not there.
 */
import {
  ApiError,
  apiVersionOf,
  badRequest,
  type FieldValidation,
  fieldInvalid,
  goText,
  invalid,
  JSON_PATCH_MAX_OPERATIONS,
  JsonPatchError,
  type JsonPatchOperation,
  jsonPatch,
  type KubernetesObject,
  mergePatch,
  StrategicMergeError,
  strategicMergePatch,
  unsupportedMediaType,
} from "@podwire/api";
import { contentType, notTooDeep, readBody } from "./body.ts";
import type { NamedExchange } from "./exchange.ts";
import type { Target } from "./target.ts";
import { admitTo, sendWritten, updateOptions } from "./write-objects.ts";
import { type PatchParameters, readPatchParameters } from "./write-options.ts";
import { parseYaml } from "./yaml-body.ts";

interface Patched {
  readonly object: unknown;
  /** What messages show of a patch whose result is no object of the kind. */
  readonly shown: string;
}

/** From the body's JSON; throws a BadRequest when that is no patch of the type. */
type PatchReader = (target: Target, body: unknown) => Patcher;
/** Returns the patched object; the stored one stays as it is. */
type Patcher = (stored: KubernetesObject) => Patched;

const APPLY = "application/apply-patch+yaml";

const READERS: ReadonlyMap<string, PatchReader> = new Map([
  ["application/json-patch+json", readJsonPatch],
  ["application/merge-patch+json", readMergePatch],
  ["application/strategic-merge-patch+json", readStrategicPatch],
]);

export async function patchObject(exchange: NamedExchange): Promise<void> {
  const type = contentType(exchange.request) ?? "";
  if (type === APPLY) return applyPatch(exchange);
  const reader = READERS.get(type);
  if (reader === undefined) throw unsupportedMediaType([...READERS.keys(), APPLY]);
  const { services, request, target } = exchange;
  const parameters = readPatchParameters(exchange, false);
  const patcher = reader(target, parsePatch(await readBody(request)));
  let warnings: readonly string[] = [];
  const stored = await services.objects.replace(
    target.kind,
    target,
    current => {
      const { object, shown } = patcher(current);
      const admitted = admitTo(target, object, parameters.fieldValidation, why =>
        invalid("", "", "", [fieldInvalid("patch", shown, why)]),
      );
      warnings = admitted.warnings;
      return admitted.object;
    },
    updateOptions(target, parameters),
  );
  sendWritten(exchange, stored, warnings);
}

async function applyPatch(exchange: NamedExchange): Promise<void> {
  const { services, request, target } = exchange;
  const parameters = readPatchParameters(exchange, true);
  const { configuration, warnings } = await readConfiguration(await readBody(request), parameters);
  const { stored, isNew } = await services.objects.apply(
    target.kind,
    target,
    {
      configuration,
      force: parameters.force,
      // Fields that the kind does not have were refused by the apply itself.
      admit: object => admitTo(target, object, "Ignore", why => inconvertible(target, why)).object,
    },
    updateOptions(target, parameters),
  );
  sendWritten(exchange, stored, warnings, isNew ? 201 : 200);
}

function inconvertible({ kind, namespace = "", name }: Target, why: string): ApiError {
  const type = `${kind.group === "" ? `/${kind.version}` : apiVersionOf(kind)}, Kind=${kind.kind}`;
  return badRequest(
    `failed to convert new object (${namespace}/${name}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${why}`,
  );
}

async function readConfiguration(
  body: Buffer,
  { fieldValidation }: PatchParameters,
): Promise<{ configuration: unknown; warnings: readonly string[] }> {
  const { value, faults } = await parseYaml(body);
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    throw badRequest(`error decoding YAML: ${unmarshalError(value, "map[string]interface {}")}`);
  }
  if (fieldValidation === "Strict" && faults.length > 0) {
    throw badRequest(`error strict decoding YAML: ${faults.join(", ")}`);
  }
  return { configuration: value, warnings: faultWarnings(fieldValidation, faults) };
}

function faultWarnings(fieldValidation: FieldValidation, faults: readonly string[]): readonly string[] {
  return fieldValidation === "Warn" ? faults : [];
}

function parsePatch(body: Buffer): unknown {
  try {
    return notTooDeep(JSON.parse(body.toString("utf8")));
  } catch (error) {
    throw error instanceof ApiError ? error : badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

function readJsonPatch(_: Target, body: unknown): Patcher {
  const wrongItem = Array.isArray(body) ? body.find(each => !isObject(each)) : body;
  if (wrongItem !== undefined) {
    const goType = Array.isArray(body) ? "handlers.jsonPatchOp" : "[]handlers.jsonPatchOp";
    throw badRequest(`error decoding patch: ${unmarshalError(wrongItem, goType)}`);
  }
  const operations = body as readonly JsonPatchOperation[];
  if (operations.length > JSON_PATCH_MAX_OPERATIONS) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${JSON_PATCH_MAX_OPERATIONS}, got ${operations.length}`;
    throw new ApiError(413, "RequestEntityTooLarge", message);
  }
  return stored => {
    try {
      const object = jsonPatch(stored, operations);
      return { object, shown: JSON.stringify(object) };
    } catch (error) {
      throw error instanceof JsonPatchError ? unprocessable(error.message) : error;
    }
  };
}

function readMergePatch(_: Target, body: unknown): Patcher {
  const patch = objectPatch(body, "error decoding patch: ");
  return stored => {
    const object = mergePatch(stored, patch);
    return { object, shown: JSON.stringify(object) };
  };
}

function readStrategicPatch({ kind }: Target, body: unknown): Patcher {
  const patch = objectPatch(body, "");
  return stored => {
    try {
      return { object: strategicMergePatch(kind.schema, stored, patch), shown: goText(patch) };
    } catch (error) {
      if (!(error instanceof StrategicMergeError)) throw error;
      throw error.fault === "malformed" ? badRequest(error.message) : unprocessable(error.message);
    }
  };
}

function objectPatch(body: unknown, prefix: string): object {
  if (isObject(body)) return body;
  throw badRequest(`${prefix}${unmarshalError(body, "map[string]interface {}")}`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unmarshalError(value: unknown, goType: string): string {
  const type = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${type} into Go value of type ${goType}`;
}

function unprocessable(why: string): ApiError {
  return new ApiError(
    422,
    "Invalid",
    `the server rejected our request due to an error in our request: ${why}`,
  );
}
