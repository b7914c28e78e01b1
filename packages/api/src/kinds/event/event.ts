/** The entry for Event (core/v1). */
import { type Event, event } from "../../core/event.ts";
import { humanDuration, parseTime } from "../../values/time.ts";
import { column, kindEntry, nameColumn, selectable, wideColumn } from "../entry.ts";
import type { Column, Kind } from "../kind.ts";
import { validateEvent } from "./validate.ts";

function since(timestamp: string | undefined, nowMs: number): string {
  const ms = timestamp === undefined ? undefined : parseTime(timestamp);
  return ms === undefined ? "<unknown>" : humanDuration(nowMs - ms);
}

function lastSeen(object: Event, nowMs: number): string {
  const first = object.firstTimestamp ?? object.eventTime;
  if (object.series) return since(object.series.lastObservedTime, nowMs);
  return since(object.lastTimestamp ?? first, nowMs);
}

const objectCell = ({ involvedObject: { kind, name } }: Event) =>
  name ? `${(kind ?? "").toLowerCase()}/${name}` : (kind ?? "").toLowerCase();

const sourceCell = ({ source, reportingComponent, reportingInstance }: Event) =>
  [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(", ");

const columns: readonly Column<Event>[] = [
  column("Last Seen", "Time this event was last observed", lastSeen),
  column("Type", "Normal or Warning", object => object.type ?? ""),
  column("Reason", "Why the event came about", object => object.reason ?? ""),
  column("Object", "The object this event is about", objectCell),
  wideColumn("Subobject", "The part of the object", object => object.involvedObject.fieldPath ?? ""),
  wideColumn("Source", "The component that reported the event", sourceCell),
  column("Message", "What happened", object => (object.message ?? "").trim()),
  wideColumn("First Seen", "Time this event was first observed", (object, nowMs) =>
    since(object.firstTimestamp ?? object.eventTime, nowMs),
  ),
  wideColumn(
    "Count",
    "How many times this event was observed",
    object => object.series?.count ?? object.count ?? 1,
  ),
  { ...nameColumn, priority: 1 },
];

export const eventKind: Kind<Event> = kindEntry<Event>({
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  schema: event,
  createsOnUpdate: true,
  validate: validateEvent,
  selectableFields: selectable<Event>({
    "involvedObject.kind": object => object.involvedObject.kind ?? "",
    "involvedObject.namespace": object => object.involvedObject.namespace ?? "",
    "involvedObject.name": object => object.involvedObject.name ?? "",
    "involvedObject.uid": object => object.involvedObject.uid ?? "",
    "involvedObject.apiVersion": object => object.involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": object => object.involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": object => object.involvedObject.fieldPath ?? "",
    reason: object => object.reason ?? "",
    reportingComponent: object => object.reportingComponent ?? "",
    source: object => object.source?.component || object.reportingComponent || "",
    type: object => object.type ?? "",
  }),
  columns,
});
