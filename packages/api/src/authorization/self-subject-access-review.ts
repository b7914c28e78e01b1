/** SelfSubjectAccessReview: may I do this? */

import { labelSelectorRequirement, objectMeta, typeMeta } from "../core/meta.ts";
import {
  absentAtZero,
  bool,
  enumOf,
  field,
  type Infer,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";

const fieldSelectorRequirementFields = {
  key: field(1, required(string), "Name of the field."),
  operator: field(
    2,
    required(enumOf("In", "NotIn", "Exists", "DoesNotExist")),
    "How the field is compared with the values.",
  ),
  values: field(3, list(string), "Values to compare with."),
};
export interface FieldSelectorRequirement extends Infer<typeof fieldSelectorRequirementFields> {}
const fieldSelectorRequirement = object<FieldSelectorRequirement>(
  "FieldSelectorRequirement",
  fieldSelectorRequirementFields,
);

const fieldSelectorAttributesFields = {
  rawSelector: field(1, string, "The selector as text."),
  requirements: field(2, list(fieldSelectorRequirement), "The selector's requirements; all are met."),
};
export interface FieldSelectorAttributes extends Infer<typeof fieldSelectorAttributesFields> {}
export const fieldSelectorAttributes = object<FieldSelectorAttributes>(
  "FieldSelectorAttributes",
  fieldSelectorAttributesFields,
);

const labelSelectorAttributesFields = {
  rawSelector: field(1, string, "The selector as text."),
  requirements: field(2, list(labelSelectorRequirement), "The selector's requirements; all are met."),
};
export interface LabelSelectorAttributes extends Infer<typeof labelSelectorAttributesFields> {}
export const labelSelectorAttributes = object<LabelSelectorAttributes>(
  "LabelSelectorAttributes",
  labelSelectorAttributesFields,
);

const resourceAttributesFields = {
  namespace: field(
    1,
    string,
    "Namespace of the objects; empty for all, or for objects of the whole cluster.",
  ),
  verb: field(2, string, "What is to be done, such as get or create."),
  group: field(3, string, "Group of the resource."),
  version: field(4, string, "Version of the resource."),
  resource: field(5, string, "The resource, such as pods."),
  subresource: field(6, string, "The subresource, such as log."),
  name: field(7, string, "Name of the object; empty for all."),
  fieldSelector: field(8, fieldSelectorAttributes, "Narrows to objects by field."),
  labelSelector: field(9, labelSelectorAttributes, "Narrows to objects by label."),
};
export interface ResourceAttributes extends Infer<typeof resourceAttributesFields> {}
export const resourceAttributes = object<ResourceAttributes>("ResourceAttributes", resourceAttributesFields);

const nonResourceAttributesFields = {
  path: field(1, string, "The path, such as /healthz."),
  verb: field(2, string, "What is to be done, such as get."),
};
export interface NonResourceAttributes extends Infer<typeof nonResourceAttributesFields> {}
export const nonResourceAttributes = object<NonResourceAttributes>(
  "NonResourceAttributes",
  nonResourceAttributesFields,
);

const selfSubjectAccessReviewSpecFields = {
  resourceAttributes: field(1, resourceAttributes, "An action on objects."),
  nonResourceAttributes: field(2, nonResourceAttributes, "An action at another path."),
};
export interface SelfSubjectAccessReviewSpec extends Infer<typeof selfSubjectAccessReviewSpecFields> {}
export const selfSubjectAccessReviewSpec = object<SelfSubjectAccessReviewSpec>(
  "SelfSubjectAccessReviewSpec",
  selfSubjectAccessReviewSpecFields,
);

const subjectAccessReviewStatusFields = {
  allowed: field(1, required(bool), "Whether it may be done."),
  reason: field(2, string, "Why, for people to read."),
  evaluationError: field(3, string, "What went wrong while it was decided."),
  denied: field(4, absentAtZero(bool), "Whether it was refused outright."),
};
export interface SubjectAccessReviewStatus extends Infer<typeof subjectAccessReviewStatusFields> {}
export const subjectAccessReviewStatus = object<SubjectAccessReviewStatus>(
  "SubjectAccessReviewStatus",
  subjectAccessReviewStatusFields,
);

const selfSubjectAccessReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, required(selfSubjectAccessReviewSpec), "What is asked."),
  status: field(3, subjectAccessReviewStatus, "The answer."),
};
export interface SelfSubjectAccessReview extends Infer<typeof selfSubjectAccessReviewFields> {}
export const selfSubjectAccessReview = object<SelfSubjectAccessReview>(
  "SelfSubjectAccessReview",
  selfSubjectAccessReviewFields,
  { doc: "SelfSubjectAccessReview asks whether one may do something." },
);
