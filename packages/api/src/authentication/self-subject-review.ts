/** SelfSubjectReview: who am I? */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, list, map, object, required, string } from "../schema/schema.ts";

const userInfoFields = {
  username: field(1, string, "Name of the user."),
  uid: field(2, string, "Identity of the user, which another of the same name does not have."),
  groups: field(3, list(string), "Groups of the user."),
  extra: field(4, map(list(string)), "What else is known of the user."),
};
export interface UserInfo extends Infer<typeof userInfoFields> {}
export const userInfo = object<UserInfo>("UserInfo", userInfoFields);

const selfSubjectReviewStatusFields = {
  userInfo: field(1, userInfo, "The user that asks."),
};
export interface SelfSubjectReviewStatus extends Infer<typeof selfSubjectReviewStatusFields> {}
export const selfSubjectReviewStatus = object<SelfSubjectReviewStatus>(
  "SelfSubjectReviewStatus",
  selfSubjectReviewStatusFields,
);

const selfSubjectReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  status: field(2, selfSubjectReviewStatus, "The answer."),
};
export interface SelfSubjectReview extends Infer<typeof selfSubjectReviewFields> {}
export const selfSubjectReview = object<SelfSubjectReview>("SelfSubjectReview", selfSubjectReviewFields, {
  doc: "SelfSubjectReview asks who one is.",
});
