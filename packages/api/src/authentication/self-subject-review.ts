/** SelfSubjectReview: who am I? */

import { objectMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, list, map, object, required, string } from "../schema/schema.ts";

const userInfoFields = {
  username: field(1, string, ""),
  uid: field(2, string, ""),
  groups: field(3, list(string), ""),
  extra: field(4, map(list(string)), ""),
};
export interface UserInfo extends Infer<typeof userInfoFields> {}
export const userInfo = object<UserInfo>("UserInfo", userInfoFields);

const selfSubjectReviewStatusFields = {
  userInfo: field(1, userInfo, ""),
};
export interface SelfSubjectReviewStatus extends Infer<typeof selfSubjectReviewStatusFields> {}
export const selfSubjectReviewStatus = object<SelfSubjectReviewStatus>(
  "SelfSubjectReviewStatus",
  selfSubjectReviewStatusFields,
);

const selfSubjectReviewFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  status: field(2, selfSubjectReviewStatus, ""),
};
export interface SelfSubjectReview extends Infer<typeof selfSubjectReviewFields> {}
export const selfSubjectReview = object<SelfSubjectReview>("SelfSubjectReview", selfSubjectReviewFields);
