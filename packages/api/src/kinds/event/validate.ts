/** What an Event must satisfy, whatever API it came by: pkg/apis/core/validation/events.go, legacyValidateEvent. */
import type { Event } from "../../core/event.ts";
import { type FieldError, fieldInvalid, fieldRequired } from "../../validation/field-error.ts";
import { shaped } from "../../validation/fields.ts";
import { labelKeyProblems } from "../../validation/names.ts";

const SHORT_MAX_BYTES = 128;
const MESSAGE_MAX_BYTES = 1024;

export function validateEvent(event: Event): FieldError[] {
  const errors = isKeptWithObject(event)
    ? []
    : [
        fieldInvalid(
          "involvedObject.namespace",
          event.involvedObject.namespace ?? "",
          "does not match event.namespace",
        ),
      ];
  return event.eventTime === undefined ? errors : [...errors, ...validateTold(event)];
}

/** About an object of no namespace, an Event is kept in `default`, or with the system's where it tells its time. */
function isKeptWithObject({ involvedObject, metadata, eventTime }: Event): boolean {
  const { namespace } = involvedObject;
  if (eventTime === undefined) return (namespace || "default") === metadata.namespace;
  return Boolean(namespace) || ["default", "kube-system"].includes(metadata.namespace);
}

/** Those with an `eventTime` say who did what. */
function validateTold(event: Event): FieldError[] {
  const { reportingComponent = "", reportingInstance, action, reason, message } = event;
  return [
    ...(reportingComponent ? [] : [fieldRequired("reportingComponent")]),
    ...shaped("reportingComponent", reportingComponent, labelKeyProblems),
    ...said("reportingInstance", reportingInstance),
    ...said("action", action),
    ...said("reason", reason),
    ...short("message", message, MESSAGE_MAX_BYTES),
  ];
}

function said(field: string, text: string | undefined): FieldError[] {
  return text ? short(field, text, SHORT_MAX_BYTES) : [fieldRequired(field)];
}

function short(field: string, text: string | undefined, maxBytes: number): FieldError[] {
  const bytes = new TextEncoder().encode(text ?? "").length;
  return bytes > maxBytes ? [fieldInvalid(field, "", `can have at most ${maxBytes} characters`)] : [];
}
