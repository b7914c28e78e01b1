/** SelfSubjectRulesReview: what may I do in this namespace? */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { bool, field, type Infer, list, object, required, string } from "../schema/schema.ts";

const selfSubjectRulesReviewSpecFields = {
  namespace: field(1, string, ""),
};
export interface SelfSubjectRulesReviewSpec extends Infer<typeof selfSubjectRulesReviewSpecFields> {}
export const selfSubjectRulesReviewSpec = object<SelfSubjectRulesReviewSpec>(
  "SelfSubjectRulesReviewSpec",
  selfSubjectRulesReviewSpecFields,
);

const resourceRuleFields = {
  verbs: field(1, required(list(string)), ""),
  apiGroups: field(2, list(string), ""),
  resources: field(3, list(string), ""),
  resourceNames: field(4, list(string), ""),
};
export interface ResourceRule extends Infer<typeof resourceRuleFields> {}
export const resourceRule = object<ResourceRule>("ResourceRule", resourceRuleFields);

const nonResourceRuleFields = {
  verbs: field(1, required(list(string)), ""),
  nonResourceURLs: field(2, list(string), ""),
};
export interface NonResourceRule extends Infer<typeof nonResourceRuleFields> {}
export const nonResourceRule = object<NonResourceRule>("NonResourceRule", nonResourceRuleFields);

const subjectRulesReviewStatusFields = {
  resourceRules: field(1, required(list(resourceRule)), ""),
  nonResourceRules: field(2, required(list(nonResourceRule)), ""),
  incomplete: field(3, required(bool), ""),
  evaluationError: field(4, string, ""),
};
export interface SubjectRulesReviewStatus extends Infer<typeof subjectRulesReviewStatusFields> {}
export const subjectRulesReviewStatus = object<SubjectRulesReviewStatus>(
  "SubjectRulesReviewStatus",
  subjectRulesReviewStatusFields,
);

const selfSubjectRulesReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, required(selfSubjectRulesReviewSpec), ""),
  status: field(3, subjectRulesReviewStatus, ""),
};
export interface SelfSubjectRulesReview extends Infer<typeof selfSubjectRulesReviewFields> {}
export const selfSubjectRulesReview = object<SelfSubjectRulesReview>(
  "SelfSubjectRulesReview",
  selfSubjectRulesReviewFields,
);
