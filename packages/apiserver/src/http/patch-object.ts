/** PATCH: the kinds of patches, by content type, each a function from the stored object to the asked one. */
import {
  ApiError,
  badRequest,
  JsonPatchError,
  type JsonPatchOperation,
  jsonPatch,
  mergePatch,
  unsupportedMediaType,
} from "@podwire/api";
import { contentType, parseJson, readBody } from "./body.ts";
import type { NamedExchange } from "./exchange.ts";
import { readFieldValidation, readWriteOptions } from "./query.ts";
import { admitTo, sendWritten, updateOptions } from "./write-objects.ts";

/** Returns the patched object; both arguments stay as they are. */
type Patcher = (stored: unknown, patch: unknown) => unknown;

const PATCHERS: Readonly<Record<string, Patcher>> = {
  "application/merge-patch+json": mergePatch,
  "application/json-patch+json": patchJson,
};

function patchJson(stored: unknown, patch: unknown): unknown {
  try {
    return jsonPatch(stored, patch as readonly JsonPatchOperation[]);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw new ApiError(
      422,
      "Invalid",
      `the server rejected our request due to an error in our request: ${error.message}`,
    );
  }
}

export async function patchObject(exchange: NamedExchange): Promise<void> {
  const { services, request, target, query } = exchange;
  const type = contentType(request) ?? "";
  const patcher = Object.hasOwn(PATCHERS, type) ? PATCHERS[type] : undefined;
  if (patcher === undefined) throw unsupportedMediaType(Object.keys(PATCHERS));
  const options = updateOptions(target, readWriteOptions(query));
  const fieldValidation = readFieldValidation(query);
  const patch = parseJson(await readBody(request));
  if (patch === undefined) throw badRequest("a patch is expected in the request's body");
  let warnings: readonly string[] = [];
  const stored = await services.registry.replace(
    target.kind,
    target,
    current => {
      const admitted = admitTo(target, patcher(current, patch), fieldValidation);
      warnings = admitted.warnings;
      return admitted.object;
    },
    options,
  );
  sendWritten(exchange, stored, warnings);
}
