/** The entry for Event of events.k8s.io: the stored Events of core/v1 under other names (pkg/apis/events/v1, conversion.go). */
import type { Event } from "../../core/event.ts";
import { type RecordedEvent, recordedEvent } from "../../events/event.ts";
import { kindEntry } from "../entry.ts";
import { eventKind } from "../event/event.ts";
import type { Kind, View } from "../kind.ts";
import { validateRecordedEvent, validateRecordedEventUpdate } from "./validate.ts";

function show(stored: Event): RecordedEvent {
  const {
    involvedObject,
    message,
    reportingComponent,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    ...same
  } = stored;
  return {
    ...same,
    apiVersion: "events.k8s.io/v1",
    reportingController: reportingComponent,
    regarding: involvedObject,
    note: message,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  } as RecordedEvent;
}

function put(form: RecordedEvent): Event {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = form;
  return {
    ...same,
    apiVersion: "v1",
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  };
}

function storedField(field: string): string {
  if (field === "reportingController") return "reportingComponent";
  return field.replace(/^regarding\./, "involvedObject.");
}

const FORM_NAMES: readonly [stored: string, form: string][] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
];

function configure(configuration: unknown): unknown {
  const fields = Object.entries(configuration as object).map(([key, value]) => {
    const stored = FORM_NAMES.find(([, form]) => form === key)?.[0] ?? key;
    return [stored, key === "apiVersion" ? "v1" : value];
  });
  return Object.fromEntries(fields);
}

const view: View<Event, RecordedEvent> = { show, put, configure, storedField };

export const recordedEventKind: Kind<RecordedEvent> = kindEntry<RecordedEvent>({
  kind: "Event",
  group: "events.k8s.io",
  plural: "events",
  shortNames: ["ev"],
  schema: recordedEvent,
  createsOnUpdate: true,
  formOf: { stored: eventKind as Kind, view: view as View<never, RecordedEvent> },
  validate: validateRecordedEvent,
  validateUpdate: validateRecordedEventUpdate,
  columns: eventKind.columns.map(each => ({
    ...each,
    cell: (object, nowMs) => each.cell(put(object), nowMs),
  })),
});
