/** Event (core/v1): something that happened to an object, counted when it repeats. */
import { defaulted, type Infer, int32, microTime, object, required, string, time } from "../schema/schema.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const objectReferenceFields = {
  kind: string,
  namespace: string,
  name: string,
  uid: string,
  apiVersion: string,
  resourceVersion: string,
  fieldPath: string,
};
export interface ObjectReference extends Infer<typeof objectReferenceFields> {}
export const objectReference = object<ObjectReference>("ObjectReference", objectReferenceFields);

const eventSourceFields = { component: string, host: string };
export interface EventSource extends Infer<typeof eventSourceFields> {}

const eventSeriesFields = { count: int32, lastObservedTime: microTime };
export interface EventSeries extends Infer<typeof eventSeriesFields> {}

const eventFields = {
  ...typeMeta,
  metadata: required(namespacedMeta),
  involvedObject: required(objectReference),
  reason: string,
  message: string,
  source: defaulted(object<EventSource>("EventSource", eventSourceFields), {}),
  firstTimestamp: time,
  lastTimestamp: time,
  count: int32,
  type: string,
  eventTime: microTime,
  series: object<EventSeries>("EventSeries", eventSeriesFields),
  action: string,
  related: objectReference,
  reportingComponent: defaulted(string, ""),
  reportingInstance: defaulted(string, ""),
};
export interface Event extends Infer<typeof eventFields> {}
export const event = object<Event>("Event", eventFields);
