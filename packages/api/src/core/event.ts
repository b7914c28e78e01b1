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
  kind: field(1, string, "Kind of the object."),
  namespace: field(2, string, "Namespace of the object."),
  name: field(3, string, "Name of the object."),
  uid: field(4, string, "UID of the object."),
  apiVersion: field(5, string, "API version of the object."),
  resourceVersion: field(6, string, "Version of the object that is meant."),
  fieldPath: field(7, string, "The part of the object that is meant, such as spec.containers{app}."),
};
export interface ObjectReference extends Infer<typeof objectReferenceFields> {}
export const objectReference = object<ObjectReference>("ObjectReference", objectReferenceFields, {
  atomic: true,
  doc: "ObjectReference names an object, or a part of it.",
});

const eventSourceFields = {
  component: field(1, string, "The component that saw it."),
  host: field(2, string, "The Node that it was seen on."),
};
export interface EventSource extends Infer<typeof eventSourceFields> {}
export const eventSource = object<EventSource>("EventSource", eventSourceFields);

const eventSeriesFields = {
  count: field(1, absentAtZero(int32), "How often it came in the series."),
  lastObservedTime: field(2, microTime, "When it last came."),
};
export interface EventSeries extends Infer<typeof eventSeriesFields> {}
export const eventSeries = object<EventSeries>("EventSeries", eventSeriesFields);

const eventFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  involvedObject: field(2, required(objectReference), "The object that it is about."),
  reason: field(3, string, "Why it came, as one word for machines to read."),
  message: field(4, string, "What happened, for people to read."),
  source: field(5, defaulted(eventSource, {}), "Who saw it."),
  firstTimestamp: field(6, time, "When it was first seen."),
  lastTimestamp: field(7, time, "When it was last seen."),
  count: field(8, absentAtZero(int32), "How often it was seen."),
  type: field(9, string, "Normal or Warning."),
  eventTime: field(10, microTime, "When it was first seen, to the microsecond."),
  series: field(11, eventSeries, "How often it came since, where it goes on."),
  action: field(12, string, "What was done or failed."),
  related: field(13, objectReference, "A second object that it is about."),
  reportingComponent: field(14, defaulted(string, ""), "The controller that reports it."),
  reportingInstance: field(15, defaulted(string, ""), "The instance of that controller."),
};
export interface Event extends Infer<typeof eventFields> {}
export const event = object<Event>("Event", eventFields, {
  doc: "Event is a report of something that happened to an object.",
});
