/** Kinds whose objects are questions: created, answered, and never stored. */
import { type SelfSubjectReview, selfSubjectReview } from "../../authentication/self-subject-review.ts";
import {
  type SelfSubjectAccessReview,
  selfSubjectAccessReview,
} from "../../authorization/self-subject-access-review.ts";
import {
  type SelfSubjectRulesReview,
  selfSubjectRulesReview,
} from "../../authorization/self-subject-rules-review.ts";
import { fieldInvalid } from "../../validation/field-error.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

const question = { namespaced: false, verbs: ["create"] } as const;

export const selfSubjectReviewKind: Kind<SelfSubjectReview> = kindEntry<SelfSubjectReview>({
  ...question,
  kind: "SelfSubjectReview",
  group: "authentication.k8s.io",
  plural: "selfsubjectreviews",
  schema: selfSubjectReview,
});

export const selfSubjectAccessReviewKind: Kind<SelfSubjectAccessReview> = kindEntry<SelfSubjectAccessReview>({
  ...question,
  kind: "SelfSubjectAccessReview",
  group: "authorization.k8s.io",
  plural: "selfsubjectaccessreviews",
  schema: selfSubjectAccessReview,
  validate: ({ spec }) => {
    const asked = [spec.resourceAttributes, spec.nonResourceAttributes].filter(each => each !== undefined);
    if (asked.length === 1) return [];
    const why =
      asked.length === 0
        ? "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        : "cannot be specified in combination with resourceAttributes";
    return [
      fieldInvalid(
        asked.length === 0 ? "spec.resourceAttributes" : "spec.nonResourceAttributes",
        asked[1],
        why,
      ),
    ];
  },
});

export const selfSubjectRulesReviewKind: Kind<SelfSubjectRulesReview> = kindEntry<SelfSubjectRulesReview>({
  ...question,
  kind: "SelfSubjectRulesReview",
  group: "authorization.k8s.io",
  plural: "selfsubjectrulesreviews",
  schema: selfSubjectRulesReview,
});
