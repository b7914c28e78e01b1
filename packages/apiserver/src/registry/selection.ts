/** Label and field selectors of a list or watch as one test; undefined when everything is selected. */
import {
  type FieldSelector,
  fieldMatcher,
  type Kind,
  type KubernetesObject,
  type LabelMatcher,
  matchesLabels,
} from "@podwire/api";

export interface Selectors {
  readonly labels?: LabelMatcher | undefined;
  readonly fields?: FieldSelector | undefined;
}

/** Throws a BadRequest for a field that the kind does not let be selected. */
export function selectionOf<T extends KubernetesObject>(
  kind: Kind<T>,
  { labels = [], fields = [] }: Selectors,
): ((object: T) => boolean) | undefined {
  if (labels.length === 0 && fields.length === 0) return undefined;
  const byField = fieldMatcher(kind, fields);
  return object => matchesLabels(labels, object.metadata.labels) && byField(object);
}
