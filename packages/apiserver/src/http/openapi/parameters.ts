/** The parameters that operations name: what each is, once. */

export interface Parameter {
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

const choose = (description: string): Parameter => ({ type: "string", description });
const count = (description: string): Parameter => ({ type: "integer", description });
const flag = (description: string): Parameter => ({ type: "boolean", description });

export const PARAMETERS: Readonly<Record<string, Parameter>> = {
  name: choose("Name of the object."),
  namespace: choose("Namespace of the object."),
  path: choose("Path at the server behind the proxy."),
  pretty: choose("Accepted; answers are not indented."),
  dryRun: choose("All: every check is made and nothing is kept."),
  fieldManager: choose("Name of the writer, for the record of who owns which field."),
  fieldValidation: choose("What happens to fields that the kind does not have: Ignore, Warn or Strict."),
  force: flag("Takes fields over from other writers; for server-side apply."),
  gracePeriodSeconds: count("Seconds that the object is given to end; 0: none."),
  ignoreStoreReadErrorWithClusterBreakingPotential: flag(
    "Accepted; objects that cannot be read do not occur.",
  ),
  orphanDependents: flag("Deprecated: propagationPolicy says the same."),
  propagationPolicy: choose("What becomes of dependents: Orphan, Background or Foreground."),
  allowWatchBookmarks: flag("Asks a watch for bookmarks, which tell how far it has come."),
  continue: choose("Token of an earlier answer, to get the next part of a list."),
  fieldSelector: choose("Narrows to objects with these values of selectable fields."),
  labelSelector: choose("Narrows to objects with these labels."),
  limit: count("At most so many objects in an answer."),
  resourceVersion: choose("The version to read at, or to watch from."),
  resourceVersionMatch: choose("How resourceVersion counts: Exact or NotOlderThan."),
  sendInitialEvents: flag("Lets a watch begin with what there is."),
  timeoutSeconds: count("Ends a watch after so many seconds."),
  watch: flag("Watches instead of listing."),
  container: choose("Name of the container; may be left out where there is only one."),
  follow: flag("Goes on with what is written from now on."),
  previous: flag("Reads the output of the container that ran before."),
  sinceSeconds: count("Leaves out what is older than so many seconds."),
  tailLines: count("Only so many lines at the end."),
  limitBytes: count("At most so many bytes."),
  timestamps: flag("Puts the time before each line."),
  command: choose("The command and its arguments, a parameter each."),
  stdin: flag("Connects standard input."),
  stdout: flag("Connects standard output."),
  stderr: flag("Connects standard error."),
  tty: flag("Runs with a terminal."),
  ports: choose("The ports to forward to."),
};

export const WRITE_PARAMETERS = ["dryRun", "fieldManager", "fieldValidation"] as const;
export const PATCH_PARAMETERS = [...WRITE_PARAMETERS, "force"] as const;
export const DELETE_PARAMETERS = [
  "dryRun",
  "gracePeriodSeconds",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "orphanDependents",
  "propagationPolicy",
] as const;
export const LIST_PARAMETERS = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
] as const;
