/** What of a stored Pod, or of its metadata, may change. */
import assert from "node:assert/strict";
import type { Pod } from "../../core/pod.ts";
import { admittedPod } from "../../testing/pods.ts";
import { describeFieldError } from "../../validation/field-error.ts";
import { validateUpdate } from "../../validation/validate.ts";
import { podKind } from "./pod.ts";

function problemsOf(change: (pod: Pod) => void, stored = admittedPod()): string[] {
  const next = structuredClone(stored);
  change(next);
  return validateUpdate(podKind, next, stored).map(describeFieldError);
}

describe("updates of a Pod", () => {
  it("may change images, tolerations and the deadline", () => {
    const change = (pod: Pod) => {
      pod.spec.containers[0]!.image = "nginx:2";
      pod.spec.tolerations!.push({ key: "k", operator: "Exists" });
      pod.spec.activeDeadlineSeconds = 10;
      pod.metadata.labels = { a: "b" };
    };
    assert.deepEqual(problemsOf(change), []);
  });

  it("may not change anything else", () => {
    const [problem] = problemsOf(pod => {
      pod.spec.hostNetwork = true;
      pod.spec.nodeName = "n";
    });
    assert.match(
      problem!,
      /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/,
    );
    assert.match(problem!, /changed: spec.hostNetwork, spec.nodeName$/);
    assert.deepEqual(
      problemsOf(pod => pod.spec.containers.push({ name: "b", image: "x" })),
      ["spec.containers: Forbidden: pod updates may not add or remove containers"],
    );
    assert.deepEqual(
      problemsOf(pod => pod.spec.tolerations!.pop()),
      ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
    );
  });

  it("may not change what names it, nor gain finalizers once it goes", () => {
    assert.deepEqual(
      problemsOf(pod => (pod.metadata.uid = "x")),
      ['metadata.uid: Invalid value: "x": field is immutable'],
    );
    const stored = admittedPod();
    stored.metadata.deletionTimestamp = "2025-01-01T00:00:00Z";
    assert.deepEqual(
      problemsOf(pod => (pod.metadata.finalizers = ["a.b/c"]), stored),
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/c"}',
      ],
    );
  });
});
