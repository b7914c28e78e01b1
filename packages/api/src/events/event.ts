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
  metadata: field(1, required(namespacedMeta), ""),
  eventTime: field(2, required(microTime), ""),
  series: field(3, eventSeries, ""),
  reportingController: field(4, string, ""),
  reportingInstance: field(5, string, ""),
  action: field(6, string, ""),
  reason: field(7, string, ""),
  regarding: field(8, objectReference, ""),
  related: field(9, objectReference, ""),
  note: field(10, string, ""),
  type: field(11, string, ""),
  deprecatedSource: field(12, eventSource, ""),
  deprecatedFirstTimestamp: field(13, time, ""),
  deprecatedLastTimestamp: field(14, time, ""),
  deprecatedCount: field(15, absentAtZero(int32), ""),
};
export interface RecordedEvent extends Infer<typeof eventFields> {}
export const recordedEvent = object<RecordedEvent>("Event", eventFields);
