/** Event as events.k8s.io has it: the same objects as core/v1 Events, under newer names. */

import { eventSeries, eventSource, objectReference } from "../core/event.ts";
import { namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  absentAtZero,
  field,
  type Infer,
  int32,
  microTime,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";

const eventFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  eventTime: field(2, required(microTime), "When it was first seen, to the microsecond."),
  series: field(3, eventSeries, "How often it came since, where it goes on."),
  reportingController: field(4, string, "The controller that reports it."),
  reportingInstance: field(5, string, "The instance of that controller."),
  action: field(6, string, "What was done or failed."),
  reason: field(7, string, "Why it was done, as one word for machines to read."),
  regarding: field(8, objectReference, "The object that it is about."),
  related: field(9, objectReference, "A second object that it is about."),
  note: field(10, string, "What happened, for people to read."),
  type: field(11, string, "Normal or Warning."),
  deprecatedSource: field(12, eventSource, "Who saw it, as core/v1 says it."),
  deprecatedFirstTimestamp: field(13, time, "When it was first seen, as core/v1 says it."),
  deprecatedLastTimestamp: field(14, time, "When it was last seen, as core/v1 says it."),
  deprecatedCount: field(15, absentAtZero(int32), "How often it was seen, as core/v1 says it."),
};
export interface RecordedEvent extends Infer<typeof eventFields> {}
export const recordedEvent = object<RecordedEvent>("Event", eventFields, {
  doc: "Event is a report of something that happened to an object.",
});
