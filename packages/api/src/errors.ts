/**
 * The one error of the control plane: `ApiError`, which carries the `Status` a client receives. One constructor
 * function per reason, with the message texts of upstream (apimachinery/pkg/api/errors).
 */
import type { FieldError } from "./validation/field-error.ts";
import { describeFieldErrors, toCause } from "./validation/field-error.ts";

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { remainingItemCount?: number; continue?: string };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** What an error is about: the plural name of the kind and its group ("" for core). */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly metadata: Status["metadata"] = {};

  constructor(code: number, reason: string, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.metadata,
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

/** True for an `ApiError` of that reason, such as `"NotFound"`. */
export function isReason(error: unknown, reason: string): error is ApiError {
  return error instanceof ApiError && error.reason === reason;
}

const qualified = ({ group, plural }: ResourceName) => (group === "" ? plural : `${plural}.${group}`);

function about({ group, plural }: ResourceName, name: string): StatusDetails {
  return { ...(name && { name }), ...(group && { group }), kind: plural };
}

export function notFound(resource: ResourceName, name: string): ApiError {
  return new ApiError(404, "NotFound", `${qualified(resource)} "${name}" not found`, about(resource, name));
}

/** No such path, rather than no such object. */
export function pathNotFound(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", {});
}

export function alreadyExists(resource: ResourceName, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" already exists`;
  return new ApiError(409, "AlreadyExists", message, about(resource, name));
}

export const STALE_OBJECT =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: ResourceName, name: string, why: string = STALE_OBJECT): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, "Conflict", message, about(resource, name));
}

/** `kind` is the kind's own name (`Pod`), as upstream prints it here. */
export function invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): ApiError {
  const kindName = group === "" ? kind : `${kind}.${group}`;
  const message = `${kindName} "${name}" is invalid: ${describeFieldErrors(errors)}`;
  const details = { ...(name && { name }), ...(group && { group }), kind, causes: errors.map(toCause) };
  return new ApiError(422, "Invalid", message, details);
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

export function unauthorized(message = "Unauthorized"): ApiError {
  return new ApiError(401, "Unauthorized", message);
}

/** Without a resource: a path; without a name: the collection. */
export function forbidden(resource: ResourceName | undefined, name: string, why: string): ApiError {
  if (resource === undefined) return new ApiError(403, "Forbidden", `forbidden: ${why}`, {});
  const what = name === "" ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new ApiError(403, "Forbidden", `${what} is forbidden: ${why}`, about(resource, name));
}

export function methodNotAllowed(): ApiError {
  const message = "the server does not allow this method on the requested resource";
  return new ApiError(405, "MethodNotAllowed", message, {});
}

export function notAcceptable(supported: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${supported.join(", ")}`;
  return new ApiError(406, "NotAcceptable", message);
}

export function unsupportedMediaType(supported: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`;
  return new ApiError(415, "UnsupportedMediaType", message);
}

/** A resourceVersion or continue token from before the retained history: list again, or go on with `continueToken`. */
export function expired(message: string, continueToken?: string): ApiError {
  const error = new ApiError(410, "Expired", message);
  if (continueToken !== undefined) error.metadata.continue = continueToken;
  return error;
}

export function requestEntityTooLarge(limitBytes: number): ApiError {
  return new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limitBytes}`);
}

export function requestTimeout(message: string): ApiError {
  return new ApiError(408, "Timeout", message);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): ApiError {
  return new ApiError(429, "TooManyRequests", message, { retryAfterSeconds });
}

export function serviceUnavailable(message: string): ApiError {
  return new ApiError(503, "ServiceUnavailable", message);
}

/** The store cannot grow; the message says what frees it. */
export function insufficientStorage(message: string, cause?: unknown): ApiError {
  return new ApiError(507, "InsufficientStorage", message, undefined, cause);
}

export function internalError(cause: unknown): ApiError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const details = { causes: [{ message }] };
  return new ApiError(500, "InternalError", `Internal error occurred: ${message}`, details, cause);
}
