/** Objects that only answers hold: lists of a kind, and Status. */
import { typeMeta } from "../core/meta.ts";
import type { Kind } from "../kinds/kind.ts";
import { field, int32, int64, list, type ObjectSchema, object, required, string } from "../schema/schema.ts";

const listMeta = object("ListMeta", {
  selfLink: field(1, string, "Deprecated; not set."),
  resourceVersion: field(
    2,
    string,
    "The version of the collection that this list shows; a watch may start there.",
  ),
  continue: field(3, string, "Token to ask for the next part of the list with; empty at its end."),
  remainingItemCount: field(4, int64, "How many items are left behind this part, where that is known."),
});

const statusCause = object("StatusCause", {
  reason: field(1, string, "The kind of cause, for machines to read."),
  message: field(2, string, "The cause, for people to read."),
  field: field(3, string, "The field that caused the error, as a path in dots."),
});

const statusDetails = object("StatusDetails", {
  name: field(1, string, "Name of the object that the error is about."),
  group: field(2, string, "Group of its kind."),
  kind: field(3, string, "Its kind, or its resource."),
  uid: field(6, string, "Its UID, when it is one certain object."),
  causes: field(4, list(statusCause), "What is wrong, item by item."),
  retryAfterSeconds: field(5, int32, "Seconds after which it makes sense to try again."),
});

/** What answers a request that returns no object. */
export const status: ObjectSchema = object(
  "Status",
  {
    ...typeMeta,
    metadata: field(1, listMeta, "Metadata of the answer."),
    status: field(2, string, "Success or Failure."),
    message: field(3, string, "What happened, for people to read."),
    reason: field(4, string, "Why it failed, as one word for machines to read."),
    details: field(5, statusDetails, "More about the reason."),
    code: field(6, int32, "The HTTP status code."),
  },
  { doc: "Status answers a request that returns no object." },
);

/** `PodList` and its like. */
export function listSchema({ kind, listKind, schema }: Kind): ObjectSchema {
  return object(
    listKind,
    {
      ...typeMeta,
      metadata: field(1, listMeta, "Metadata of the list."),
      items: field(2, required(list(schema)), `The objects of kind ${kind}.`),
    },
    { doc: `${listKind} is a list of objects of kind ${kind}.` },
  );
}
