/** What the query says of a write: the same for create, update and patch, with upstream's errors. */

import type { FieldValidation } from "@podwire/api";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
  fieldTooLong,
  invalid,
} from "@podwire/api";
import type { Exchange } from "./exchange.ts";

export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
}

export interface PatchParameters extends WriteParameters {
  readonly force: boolean;
}

type Options = "CreateOptions" | "UpdateOptions" | "PatchOptions";

export function readWriteParameters(exchange: Exchange, options: Options): WriteParameters {
  const errors: FieldError[] = [];
  const parameters = read(exchange, errors);
  refuse(options, errors);
  return parameters;
}

/** `isApply`: a server-side apply, which alone may be forced and must say who it is. */
export function readPatchParameters(exchange: Exchange, isApply: boolean): PatchParameters {
  const { query } = exchange;
  const errors: FieldError[] = [];
  if (isApply && !query.get("fieldManager")) {
    errors.push(fieldRequired("fieldManager", "is required for apply patch"));
  }
  if (!isApply && query.has("force")) {
    errors.push(fieldForbidden("force", "may not be specified for non-apply patch"));
  }
  const parameters = read(exchange, errors);
  refuse("PatchOptions", errors);
  const force = query.get("force");
  return { ...parameters, force: force !== null && force !== "false" && force !== "0" };
}

function refuse(options: Options, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid("meta.k8s.io", options, "", errors);
}

const FIELD_VALIDATIONS = ["Ignore", "Strict", "Warn"];

function read({ query, request }: Exchange, errors: FieldError[]): WriteParameters {
  const fieldManager = query.get("fieldManager") ?? "";
  errors.push(...fieldManagerErrors(fieldManager));
  const dryRun = query.getAll("dryRun").filter(value => value !== "");
  if (dryRun.some(value => value !== "All")) errors.push(fieldNotSupported("dryRun", dryRun, ["All"]));
  const fieldValidation = query.get("fieldValidation") || "Warn";
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) {
    errors.push(fieldNotSupported("fieldValidation", fieldValidation, ["", ...FIELD_VALIDATIONS]));
  }
  return {
    dryRun: dryRun.length > 0,
    fieldManager: fieldManager || managerFromUserAgent(request.headers["user-agent"] ?? ""),
    fieldValidation: fieldValidation as FieldValidation,
  };
}

/** As upstream: the name of a field manager, in bytes. */
const FIELD_MANAGER_MAX_BYTES = 128;

/** unicode.IsPrint of Go. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function fieldManagerErrors(name: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(name) > FIELD_MANAGER_MAX_BYTES) {
    errors.push(fieldTooLong("fieldManager", FIELD_MANAGER_MAX_BYTES));
  }
  let position = 0;
  for (const character of name) {
    if (!PRINTABLE.test(character)) {
      const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
      const detail = `invalid character ${code} (at position ${position})`;
      errors.push(fieldInvalid("fieldManager", name, detail));
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

/** What stands before the first "/": `kubectl/v1.32.4 (linux/amd64)` -> `kubectl`. */
function managerFromUserAgent(userAgent: string): string {
  let name = "";
  for (const character of userAgent.split("/", 1)[0]!) {
    if (!PRINTABLE.test(character)) continue;
    if (Buffer.byteLength(name + character) > FIELD_MANAGER_MAX_BYTES) break;
    name += character;
  }
  return name;
}
