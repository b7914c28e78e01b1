/** The entry for Job. */
import { type Job, job } from "../../batch/job.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const jobKind: Kind<Job> = kindEntry<Job>({
  kind: "Job",
  group: "batch",
  plural: "jobs",
  categories: ["all"],
  schema: job,
  countsGenerations: true,
  subresources: [statusSubresource<Job>()],
});
