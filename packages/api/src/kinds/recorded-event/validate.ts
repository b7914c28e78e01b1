/** What an Event of events.k8s.io must satisfy: pkg/apis/core/validation/events.go, ValidateEventCreate and -Update. */
import type { RecordedEvent } from "../../events/event.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { labelKeyProblems } from "../../validation/names.ts";
import { jsonEqual } from "../../values/equal.ts";

const REPORTING_INSTANCE_MAX = 128;
const ACTION_MAX = 128;
const REASON_MAX = 128;
const NOTE_MAX = 1024;

export function validateRecordedEvent(event: RecordedEvent): FieldError[] {
  const errors: FieldError[] = [];
  const { reportingController, reportingInstance, action, reason, note, type } = event;
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(fieldInvalid("type", "", `has invalid value: ${type ?? ""}`));
  }
  if (!reportingController) errors.push(fieldRequired("reportingController"));
  for (const problem of reportingController ? labelKeyProblems(reportingController) : []) {
    errors.push(fieldInvalid("reportingController", reportingController, problem));
  }
  errors.push(...bounded("reportingInstance", reportingInstance, REPORTING_INSTANCE_MAX));
  errors.push(...bounded("action", action, ACTION_MAX));
  errors.push(...bounded("reason", reason, REASON_MAX));
  if (length(note) > NOTE_MAX)
    errors.push(fieldInvalid("message", "", `can have at most ${NOTE_MAX} characters`));
  return errors;
}

const length = (text: string | undefined) => new TextEncoder().encode(text ?? "").length;

function bounded(field: string, text: string | undefined, max: number): FieldError[] {
  if (!text) return [fieldRequired(field)];
  return length(text) > max ? [fieldInvalid(field, "", `can have at most ${max} characters`)] : [];
}

const KEPT = [
  "regarding",
  "reason",
  "action",
  "related",
  "note",
  "type",
  "eventTime",
  "reportingController",
  "reportingInstance",
] as const;

/** Only its series goes on. */
export function validateRecordedEventUpdate(next: RecordedEvent, stored: RecordedEvent): FieldError[] {
  return KEPT.filter(field => !jsonEqual(next[field] || undefined, stored[field] || undefined)).map(field =>
    fieldInvalid(field, next[field], "field is immutable"),
  );
}
