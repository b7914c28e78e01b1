/** Questions, answered as they are asked: who am I, may I do this, what may I do? */
import {
  badRequest,
  invalid,
  type Kind,
  type KubernetesObject,
  type SelfSubjectAccessReview,
  type SelfSubjectReview,
  type SelfSubjectRulesReview,
  unstoredKinds,
} from "@podwire/api";
import type { ObjectExchange } from "./exchange.ts";
import { sendJson } from "./respond.ts";
import { warningHeaders } from "./warnings.ts";
import { readObject } from "./write-objects.ts";
import { readWriteParameters } from "./write-options.ts";

type Answer = (exchange: ObjectExchange, question: KubernetesObject) => object;

const ANSWERS = new Map<Kind, Answer>([
  [unstoredKinds.selfSubjectReviews as Kind, whoAmI],
  [unstoredKinds.selfSubjectAccessReviews as Kind, mayI],
  [unstoredKinds.selfSubjectRulesReviews as Kind, whatMayI],
]);

export async function review(exchange: ObjectExchange): Promise<void> {
  const { target, response } = exchange;
  const { kind } = target;
  const options = readWriteParameters(exchange, "CreateOptions");
  const { object, warnings } = await readObject(exchange, options);
  const errors = kind.validate(object);
  if (errors.length > 0) throw invalid(kind.group, kind.kind, "", errors);
  const status = ANSWERS.get(kind)!(exchange, object);
  sendJson(response, 201, { ...object, status }, warningHeaders(warnings));
}

function whoAmI({ user }: ObjectExchange): SelfSubjectReview["status"] & object {
  return { userInfo: { username: user.name, groups: [...user.groups] } };
}

function mayI({ access, user }: ObjectExchange, question: KubernetesObject): object {
  return { allowed: access.allows(user, (question as SelfSubjectAccessReview).spec) };
}

function whatMayI({ access, user }: ObjectExchange, question: KubernetesObject): object {
  const { namespace } = (question as SelfSubjectRulesReview).spec;
  if (!namespace) throw badRequest("no namespace on request");
  return { ...access.rules(user), incomplete: false };
}
