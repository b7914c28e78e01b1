/** What is refused of an Event of core/v1: each line was compared with a kube-apiserver of 1.34. */
import assert from "node:assert/strict";
import { admit } from "../../admit.ts";
import { describeFieldError } from "../../validation/field-error.ts";
import { validateNew } from "../../validation/validate.ts";
import { eventKind } from "./event.ts";

const old = { involvedObject: { kind: "Pod", name: "web", namespace: "a" } };
const told = {
  ...old,
  eventTime: "2025-01-01T00:00:00.000000Z",
  reportingComponent: "example.com/it",
  reportingInstance: "one",
  action: "Start",
  reason: "Asked",
};
const ofNode = { involvedObject: { kind: "Node", name: "n" } };
const ELSEWHERE = 'involvedObject.namespace: Invalid value: "": does not match event.namespace';

const cases: [parts: object, ...errors: string[]][] = [
  [old],
  [{ ...old, type: "Anything" }],
  [{ ...old, ...ofNode }, ELSEWHERE],
  [told],
  [{ ...told, type: undefined, count: 3, source: { component: "x" } }],
  [{ ...told, ...ofNode }, ELSEWHERE],
  [{ ...told, ...ofNode, metadata: { namespace: "kube-system" } }],
  [
    { ...told, reportingInstance: undefined, action: "", reason: undefined },
    "reportingInstance: Required value",
    "action: Required value",
    "reason: Required value",
  ],
  [
    { ...told, reason: "é".repeat(65), message: "x".repeat(1025) },
    'reason: Invalid value: "": can have at most 128 characters',
    'message: Invalid value: "": can have at most 1024 characters',
  ],
];

describe("validation of Events", () => {
  for (const [parts, ...errors] of cases) {
    it(errors.join("; ") || `lets pass ${JSON.stringify(parts).slice(0, 90)}`, () => {
      const { metadata, ...rest } = parts as { metadata?: object };
      const { object } = admit(eventKind, {
        metadata: { name: "e", namespace: "a", ...metadata },
        ...rest,
      } as never);
      assert.deepEqual(validateNew(eventKind, object).map(describeFieldError), errors);
    });
  }
});
