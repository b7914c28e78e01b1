/** What a Secret must satisfy, by its type: pkg/apis/core/validation, ValidateSecret. */
import type { Secret } from "../../core/secret.ts";
import { type FieldError, fieldInvalid, fieldRequired, fieldTooLong } from "../../validation/field-error.ts";
import { immutable } from "../../validation/fields.ts";
import { DATA_MAX_BYTES, decodedBytes, validateDataKeys, validateFrozen } from "../config-map/validate.ts";

const SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name";

export function validateSecret(secret: Secret): FieldError[] {
  const { data = {} } = secret;
  const errors = validateDataKeys("data", data);
  const bytes = Object.values(data).reduce((sum, each) => sum + decodedBytes(each), 0);
  if (bytes > DATA_MAX_BYTES) errors.push(fieldTooLong("data", DATA_MAX_BYTES));
  return [...errors, ...validateByType(secret)];
}

function validateByType({ type, data = {}, metadata }: Secret): FieldError[] {
  const missing = (...keys: string[]) =>
    keys.filter(key => !Object.hasOwn(data, key)).map(key => fieldRequired(`data[${key}]`));
  switch (type) {
    case "kubernetes.io/service-account-token":
      if (metadata.annotations?.[SERVICE_ACCOUNT_NAME]) return [];
      return [fieldRequired(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)];
    case "kubernetes.io/dockercfg":
      return validateJson(data, ".dockercfg");
    case "kubernetes.io/dockerconfigjson":
      return validateJson(data, ".dockerconfigjson");
    case "kubernetes.io/basic-auth": {
      // One of them will do.
      const errors = missing("username", "password");
      return errors.length === 2 ? errors : [];
    }
    case "kubernetes.io/ssh-auth":
      return data["ssh-privatekey"] ? [] : [fieldRequired("data[ssh-privatekey]")];
    case "kubernetes.io/tls":
      return missing("tls.crt", "tls.key");
    default:
      return [];
  }
}

function validateJson(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  const field = `data[${key}]`;
  const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
  if (encoded === undefined) return [fieldRequired(field)];
  try {
    const bytes = Uint8Array.from(atob(encoded), character => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === "object" && !Array.isArray(value)) return [];
    return [fieldInvalid(field, "<secret contents redacted>", "must be a JSON object")];
  } catch {
    return [fieldInvalid(field, "<secret contents redacted>", "invalid JSON")];
  }
}

export function validateSecretUpdate(next: Secret, stored: Secret): FieldError[] {
  return [...immutable("type", next.type, stored.type), ...validateFrozen(next, stored, ["data"])];
}
