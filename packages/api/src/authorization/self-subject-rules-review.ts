/** SelfSubjectRulesReview: what may I do in this namespace? */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { bool, field, type Infer, list, object, required, string } from "../schema/schema.ts";

const selfSubjectRulesReviewSpecFields = {
  namespace: field(1, string, "Namespace that is asked about."),
};
export interface SelfSubjectRulesReviewSpec extends Infer<typeof selfSubjectRulesReviewSpecFields> {}
export const selfSubjectRulesReviewSpec = object<SelfSubjectRulesReviewSpec>(
  "SelfSubjectRulesReviewSpec",
  selfSubjectRulesReviewSpecFields,
);

const resourceRuleFields = {
  verbs: field(1, required(list(string)), "What may be done; * for everything."),
  apiGroups: field(2, list(string), "Groups of the resources; * for all."),
  resources: field(3, list(string), "The resources; * for all."),
  resourceNames: field(4, list(string), "Names of objects; any, where there are none."),
};
export interface ResourceRule extends Infer<typeof resourceRuleFields> {}
export const resourceRule = object<ResourceRule>("ResourceRule", resourceRuleFields);

const nonResourceRuleFields = {
  verbs: field(1, required(list(string)), "What may be done; * for everything."),
  nonResourceURLs: field(2, list(string), "Paths; * at the end stands for the rest."),
};
export interface NonResourceRule extends Infer<typeof nonResourceRuleFields> {}
export const nonResourceRule = object<NonResourceRule>("NonResourceRule", nonResourceRuleFields);

const subjectRulesReviewStatusFields = {
  resourceRules: field(1, required(list(resourceRule)), "What may be done with objects."),
  nonResourceRules: field(2, required(list(nonResourceRule)), "What may be done at other paths."),
  incomplete: field(3, required(bool), "Whether there may be more rules than these."),
  evaluationError: field(4, string, "What went wrong while the rules were gathered."),
};
export interface SubjectRulesReviewStatus extends Infer<typeof subjectRulesReviewStatusFields> {}
export const subjectRulesReviewStatus = object<SubjectRulesReviewStatus>(
  "SubjectRulesReviewStatus",
  subjectRulesReviewStatusFields,
);

const selfSubjectRulesReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, required(selfSubjectRulesReviewSpec), "What is asked."),
  status: field(3, subjectRulesReviewStatus, "The answer."),
};
export interface SelfSubjectRulesReview extends Infer<typeof selfSubjectRulesReviewFields> {}
export const selfSubjectRulesReview = object<SelfSubjectRulesReview>(
  "SelfSubjectRulesReview",
  selfSubjectRulesReviewFields,
  { doc: "SelfSubjectRulesReview asks what one may do in a namespace." },
);
