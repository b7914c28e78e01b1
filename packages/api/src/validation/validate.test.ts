/** Invalid objects and what is said of them: upstream's words, to the letter. */
import assert from "node:assert/strict";
import { admit } from "../admit.ts";
import type { KubernetesObject } from "../core/meta.ts";
import type { Kind } from "../kinds/kind.ts";
import { kinds } from "../kinds/table.ts";
import { podManifest } from "../testing/pods.ts";
import { describeFieldErrors } from "./field-error.ts";
import { validateNew } from "./validate.ts";

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function problems<T extends KubernetesObject>(kind: Kind<T>, manifest: unknown): string {
  const { object } = admit(kind, manifest);
  return describeFieldErrors(validateNew(kind, object));
}

const container = (parts: object) => ({ spec: { containers: [{ name: "app", image: "nginx", ...parts }] } });

const PODS: readonly [string, Record<string, unknown>, string][] = [
  [
    "no name",
    { metadata: { namespace: "default" } },
    "metadata.name: Required value: name or generateName is required",
  ],
  [
    "a bad name",
    { metadata: { name: "Web_1", namespace: "default" } },
    `metadata.name: Invalid value: "Web_1": ${SUBDOMAIN}`,
  ],
  [
    "a bad label value",
    { metadata: { name: "web", namespace: "default", labels: { app: "a b" } } },
    `metadata.labels: Invalid value: "a b": ${LABEL_VALUE}`,
  ],
  [
    "a bad finalizer",
    { metadata: { name: "web", namespace: "default", finalizers: ["mine"] } },
    'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ],
  ["no containers", { spec: { containers: [] } }, "spec.containers: Required value"],
  ["no image", container({ image: "" }), "spec.containers[0].image: Required value"],
  [
    "a bad container name",
    container({ name: "App" }),
    `spec.containers[0].name: Invalid value: "App": ${LABEL}`,
  ],
  [
    "the same name twice",
    { spec: { containers: [{ name: "a", image: "x" }], initContainers: [{ name: "a", image: "x" }] } },
    'spec.initContainers[0].name: Duplicate value: "a"',
  ],
  [
    "a port out of range",
    container({ ports: [{ containerPort: 70000 }] }),
    "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
  ],
  [
    "an unknown protocol",
    container({ ports: [{ containerPort: 80, protocol: "HTTP" }] }),
    'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    "an unknown restart policy",
    { spec: { restartPolicy: "Sometimes" } },
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  ],
  [
    "a mount of no volume",
    container({ volumeMounts: [{ name: "data", mountPath: "/data" }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ],
  [
    "two sources in a volume",
    { spec: { volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/" } }] } },
    "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
  ],
  [
    "more requested than the limit",
    container({ resources: { limits: { cpu: "1" }, requests: { cpu: "1500m" } } }),
    'spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1',
  ],
  [
    "a toleration without a key",
    { spec: { tolerations: [{ operator: "Equal", value: "x" }] } },
    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    "several at once",
    { spec: { containers: [{ name: "", image: "" }], dnsPolicy: "Mine" } },
    '[spec.containers[0].name: Required value, spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None", spec.containers[0].image: Required value]',
  ],
];

describe("validation", () => {
  it("accepts a plain Pod", () => {
    assert.deepEqual(validateNew(kinds.pods, admit(kinds.pods, podManifest()).object), []);
  });

  for (const [what, parts, expected] of PODS) {
    it(`Pod: ${what}`, () => assert.equal(problems(kinds.pods, podManifest(parts)), expected));
  }

  it("Namespace: names are labels, and a namespace has no namespace", () => {
    const manifest = { metadata: { name: "a.b", namespace: "x" } };
    assert.equal(
      problems(kinds.namespaces, manifest),
      `[metadata.name: Invalid value: "a.b": must not contain dots, metadata.namespace: Forbidden: not allowed on this type]`,
    );
  });

  it("Node: CIDRs and taints", () => {
    const manifest = {
      metadata: { name: "n" },
      spec: { podCIDRs: ["10.0.0.0/24", "nope"], taints: [{ key: "k", effect: "Never" }] },
    };
    assert.equal(
      problems(kinds.nodes, manifest),
      '[spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule", spec.podCIDRs[1]: Invalid value: "nope": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)]',
    );
    const twice = { metadata: { name: "n" }, spec: { podCIDRs: ["10.0.0.0/24", "10.0.1.0/24"] } };
    assert.match(problems(kinds.nodes, twice), /no more than one CIDR for each IP family/);
  });

  it("Event: lives in the namespace of what it is about", () => {
    const manifest = {
      metadata: { name: "e", namespace: "a" },
      involvedObject: { namespace: "b", name: "x" },
    };
    assert.equal(
      problems(kinds.events, manifest),
      'involvedObject.namespace: Invalid value: "b": does not match event.namespace',
    );
  });
});
