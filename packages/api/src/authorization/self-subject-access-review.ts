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
  key: field(1, required(string), ""),
  operator: field(2, required(enumOf("In", "NotIn", "Exists", "DoesNotExist")), ""),
  values: field(3, list(string), ""),
};
export interface FieldSelectorRequirement extends Infer<typeof fieldSelectorRequirementFields> {}
const fieldSelectorRequirement = object<FieldSelectorRequirement>(
  "FieldSelectorRequirement",
  fieldSelectorRequirementFields,
);

const fieldSelectorAttributesFields = {
  rawSelector: field(1, string, ""),
  requirements: field(2, list(fieldSelectorRequirement), ""),
};
export interface FieldSelectorAttributes extends Infer<typeof fieldSelectorAttributesFields> {}
export const fieldSelectorAttributes = object<FieldSelectorAttributes>(
  "FieldSelectorAttributes",
  fieldSelectorAttributesFields,
);

const labelSelectorAttributesFields = {
  rawSelector: field(1, string, ""),
  requirements: field(2, list(labelSelectorRequirement), ""),
};
export interface LabelSelectorAttributes extends Infer<typeof labelSelectorAttributesFields> {}
export const labelSelectorAttributes = object<LabelSelectorAttributes>(
  "LabelSelectorAttributes",
  labelSelectorAttributesFields,
);

const resourceAttributesFields = {
  namespace: field(1, string, ""),
  verb: field(2, string, ""),
  group: field(3, string, ""),
  version: field(4, string, ""),
  resource: field(5, string, ""),
  subresource: field(6, string, ""),
  name: field(7, string, ""),
  fieldSelector: field(8, fieldSelectorAttributes, ""),
  labelSelector: field(9, labelSelectorAttributes, ""),
};
export interface ResourceAttributes extends Infer<typeof resourceAttributesFields> {}
export const resourceAttributes = object<ResourceAttributes>("ResourceAttributes", resourceAttributesFields);

const nonResourceAttributesFields = {
  path: field(1, string, ""),
  verb: field(2, string, ""),
};
export interface NonResourceAttributes extends Infer<typeof nonResourceAttributesFields> {}
export const nonResourceAttributes = object<NonResourceAttributes>(
  "NonResourceAttributes",
  nonResourceAttributesFields,
);

const selfSubjectAccessReviewSpecFields = {
  resourceAttributes: field(1, resourceAttributes, ""),
  nonResourceAttributes: field(2, nonResourceAttributes, ""),
};
export interface SelfSubjectAccessReviewSpec extends Infer<typeof selfSubjectAccessReviewSpecFields> {}
export const selfSubjectAccessReviewSpec = object<SelfSubjectAccessReviewSpec>(
  "SelfSubjectAccessReviewSpec",
  selfSubjectAccessReviewSpecFields,
);

const subjectAccessReviewStatusFields = {
  allowed: field(1, required(bool), ""),
  reason: field(2, string, ""),
  evaluationError: field(3, string, ""),
  denied: field(4, absentAtZero(bool), ""),
};
export interface SubjectAccessReviewStatus extends Infer<typeof subjectAccessReviewStatusFields> {}
export const subjectAccessReviewStatus = object<SubjectAccessReviewStatus>(
  "SubjectAccessReviewStatus",
  subjectAccessReviewStatusFields,
);

const selfSubjectAccessReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, required(selfSubjectAccessReviewSpec), ""),
  status: field(3, subjectAccessReviewStatus, ""),
};
export interface SelfSubjectAccessReview extends Infer<typeof selfSubjectAccessReviewFields> {}
export const selfSubjectAccessReview = object<SelfSubjectAccessReview>(
  "SelfSubjectAccessReview",
  selfSubjectAccessReviewFields,
);
