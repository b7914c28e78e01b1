/** The entry for Job. */
import { type Job, job } from "../../batch/job.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { jobColumns } from "./columns.ts";
import { defaultJob, prepareNewJob } from "./defaults.ts";

export const jobKind: Kind<Job> = kindEntry<Job>({
  kind: "Job",
  group: "batch",
  plural: "jobs",
  categories: ["all"],
  schema: job,
  applyDefaults: defaultJob,
  prepareCreate: prepareNewJob,
  countsGenerations: true,
  // Of old: a client that does not know of propagation keeps a Job's Pods.
  defaultPropagation: "Orphan",
  subresources: [statusSubresource<Job>()],
  columns: jobColumns,
});
