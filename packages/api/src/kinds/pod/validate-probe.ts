/** What is done to or asked of a running container: validateProbe, validateLifecycle. */
import type { Container, LifecycleHandler, Probe } from "../../core/container.ts";
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { nonNegative, portNumber, shaped } from "../../validation/fields.ts";
import { portNameProblems } from "../../validation/names.ts";

/** `graceSeconds`: how long the Pod has to end. */
export function validateLifecycle(container: Container, graceSeconds: number, field: string): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  const sleeps = (["postStart", "preStop"] as const).flatMap(name =>
    validateSleep(lifecycle?.[name], graceSeconds, `${field}.lifecycle.${name}.sleep`),
  );
  return [
    ...validateHandler(lifecycle?.postStart, `${field}.lifecycle.postStart`),
    ...validateHandler(lifecycle?.preStop, `${field}.lifecycle.preStop`),
    ...sleeps,
    ...validateProbe(livenessProbe, `${field}.livenessProbe`, "one success"),
    ...validateProbe(readinessProbe, `${field}.readinessProbe`, "no grace"),
    ...validateProbe(startupProbe, `${field}.startupProbe`, "one success"),
  ];
}

function validateSleep(
  handler: LifecycleHandler | undefined,
  graceSeconds: number,
  field: string,
): FieldError[] {
  const seconds = handler?.sleep?.seconds;
  if (seconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [fieldInvalid(field, seconds, detail)];
}

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function validateHandler(
  handler: (LifecycleHandler & Pick<Probe, "grpc">) | undefined,
  field: string,
): FieldError[] {
  if (handler === undefined) return [];
  const [first, ...more] = HANDLERS.filter(name => handler[name] !== undefined);
  if (first === undefined) return [fieldRequired(field, "must specify a handler type")];
  const errors: FieldError[] = more.map(name =>
    fieldForbidden(`${field}.${name}`, "may not specify more than 1 handler type"),
  );
  if (handler.exec && !handler.exec.command?.length) errors.push(fieldRequired(`${field}.exec.command`));
  for (const name of ["httpGet", "tcpSocket", "grpc"] as const) {
    const port = handler[name]?.port;
    const place = `${field}.${name}.port`;
    if (typeof port === "string") errors.push(...shaped(place, port, portNameProblems));
    else errors.push(...portNumber(place, port));
  }
  for (const { name } of handler.httpGet?.httpHeaders ?? []) {
    errors.push(...shaped(`${field}.httpGet.httpHeaders`, name, headerProblems));
  }
  return errors;
}

function headerProblems(name: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(name)) return [];
  return [
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ];
}

const COUNTS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(
  probe: Probe | undefined,
  field: string,
  rule: "one success" | "no grace",
): FieldError[] {
  if (probe === undefined) return [];
  const { successThreshold: successes, terminationGracePeriodSeconds: grace } = probe;
  const errors = validateHandler(probe, field);
  errors.push(...COUNTS.flatMap(name => nonNegative(`${field}.${name}`, probe[name])));
  const graceField = `${field}.terminationGracePeriodSeconds`;
  if (grace !== undefined && grace <= 0) {
    errors.push(fieldInvalid(graceField, grace, "must be greater than 0"));
  }
  if (rule === "one success" && successes !== undefined && successes !== 1) {
    errors.push(fieldInvalid(`${field}.successThreshold`, successes, "must be 1"));
  }
  if (rule === "no grace" && grace !== undefined) {
    errors.push(fieldInvalid(graceField, grace, "must not be set for readinessProbes"));
  }
  return errors;
}
