/** The Job rows of `kubectl get jobs`: printJob. */
import type { Job } from "../../batch/job.ts";
import { humanDuration, parseTime } from "../../values/time.ts";
import { containersColumn, imagesColumn, selectorCell } from "../cells.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../entry.ts";
import type { Column } from "../kind.ts";

function statusCell({ metadata, status: { conditions = [] } }: Job): string {
  const has = (type: string) => conditions.some(each => each.type === type && each.status === "True");
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(has) ?? "Running";
}

/** `1/3`; a Job without a number of completions is done with the first. */
function completionsCell({ spec: { completions, parallelism = 0 }, status: { succeeded = 0 } }: Job): string {
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell({ status: { startTime, completionTime } }: Job, nowMs: number): string {
  const startMs = startTime === undefined ? undefined : parseTime(startTime);
  if (startMs === undefined) return "";
  const endMs = completionTime === undefined ? undefined : parseTime(completionTime);
  return humanDuration((endMs ?? nowMs) - startMs);
}

export const jobColumns: readonly Column<Job>[] = [
  nameColumn,
  column("Status", "Status of the job.", statusCell),
  column("Completions", "How many of its Pods have succeeded, of how many", completionsCell),
  column("Duration", "Time required to complete the job.", durationCell),
  ageColumn,
  containersColumn,
  imagesColumn,
  wideColumn("Selector", "The Pods that it counts", object => selectorCell(object.spec.selector)),
];
