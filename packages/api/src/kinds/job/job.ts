/** The entry for Job. */
import { type Job, job } from "../../batch/job.ts";
import { kindEntry, selectable } from "../entry.ts";
import { type Kind, specOf, statusSubresource } from "../kind.ts";
import { jobColumns } from "./columns.ts";
import { defaultJob, prepareNewJob } from "./defaults.ts";
import { validateJob, validateJobUpdate } from "./validate.ts";

export const jobKind: Kind<Job> = kindEntry<Job>({
  kind: "Job",
  group: "batch",
  plural: "jobs",
  categories: ["all"],
  schema: job,
  applyDefaults: defaultJob,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  prepareCreate: prepareNewJob,
  selectableFields: selectable<Job>({ "status.successful": object => String(object.status.succeeded ?? 0) }),
  generationOf: specOf,
  // Of old: a client that does not know of propagation keeps a Job's Pods.
  defaultPropagation: "Orphan",
  subresources: [statusSubresource<Job>()],
  columns: jobColumns,
});
