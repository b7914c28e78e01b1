/** Event (core/v1): something that happened to an object, counted when it repeats. */
import {
  absentAtZero,
  defaulted,
  field,
  type Infer,
  int32,
  microTime,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const objectReferenceFields = {
  kind: field(1, string, ""),
  namespace: field(2, string, ""),
  name: field(3, string, ""),
  uid: field(4, string, ""),
  apiVersion: field(5, string, ""),
  resourceVersion: field(6, string, ""),
  fieldPath: field(7, string, ""),
};
export interface ObjectReference extends Infer<typeof objectReferenceFields> {}
export const objectReference = object<ObjectReference>("ObjectReference", objectReferenceFields, {
  atomic: true,
});

const eventSourceFields = {
  component: field(1, string, ""),
  host: field(2, string, ""),
};
export interface EventSource extends Infer<typeof eventSourceFields> {}
export const eventSource = object<EventSource>("EventSource", eventSourceFields);

const eventSeriesFields = {
  count: field(1, absentAtZero(int32), ""),
  lastObservedTime: field(2, microTime, ""),
};
export interface EventSeries extends Infer<typeof eventSeriesFields> {}
export const eventSeries = object<EventSeries>("EventSeries", eventSeriesFields);

const eventFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  involvedObject: field(2, required(objectReference), ""),
  reason: field(3, string, ""),
  message: field(4, string, ""),
  source: field(5, defaulted(eventSource, {}), ""),
  firstTimestamp: field(6, time, ""),
  lastTimestamp: field(7, time, ""),
  count: field(8, absentAtZero(int32), ""),
  type: field(9, string, ""),
  eventTime: field(10, microTime, ""),
  series: field(11, eventSeries, ""),
  action: field(12, string, ""),
  related: field(13, objectReference, ""),
  reportingComponent: field(14, defaulted(string, ""), ""),
  reportingInstance: field(15, defaulted(string, ""), ""),
};
export interface Event extends Infer<typeof eventFields> {}
export const event = object<Event>("Event", eventFields);
