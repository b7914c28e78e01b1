/** What is refused of a Pod, in upstream's words: each line was compared with a kube-apiserver of 1.34. */
import assert from "node:assert/strict";
import { admittedPod } from "../../testing/pods.ts";
import { describeFieldError } from "../../validation/field-error.ts";
import { validateNew } from "../../validation/validate.ts";
import { podKind } from "./pod.ts";

type Json = Record<string, unknown>;
type Case = [parts: Json, ...errors: string[]];

function refused(spec: Json): string[] {
  return validateNew(podKind, admittedPod({ spec })).map(describeFieldError);
}

const volumes: Case[] = [
  [{ emptyDir: { medium: "Memory" } }],
  [
    { emptyDir: { sizeLimit: "-1" } },
    "emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity",
  ],
  [{ hostPath: { path: "a/../b" } }, "hostPath.path: Invalid value: \"a/../b\": must not contain '..'"],
  [
    { hostPath: { path: "/x", type: "Bogus" } },
    'hostPath.type: Unsupported value: "Bogus": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  [{ secret: {} }, "secret.secretName: Required value"],
  [{ configMap: {} }, "configMap.name: Required value"],
  [
    { configMap: { name: "x", defaultMode: -1 } },
    "configMap.defaultMode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive",
  ],
  [
    { secret: { secretName: "x", items: [{ key: "a", path: "/a" }] } },
    'secret.items[0].path: Invalid value: "/a": must be a relative path',
  ],
  [
    { configMap: { name: "x", items: [{ key: "k", path: "..a" }] } },
    "configMap.items[0].path: Invalid value: \"..a\": must not start with '..'",
  ],
  [
    { downwardAPI: { items: [{ path: "x" }] } },
    "downwardAPI: Required value: one of fieldRef and resourceFieldRef is required",
  ],
  [
    { downwardAPI: { items: [{ path: "x", fieldRef: { fieldPath: "status.podIP" } }] } },
    'downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
  ],
  [
    { downwardAPI: { items: [{ path: "x", resourceFieldRef: { resource: "limits.cpu" } }] } },
    "downwardAPI.resourceFieldRef.containerName: Required value",
  ],
  [
    { projected: { sources: [{ secret: { name: "x" }, configMap: { name: "y" } }] } },
    "projected.sources[0]: Forbidden: may not specify more than 1 volume type per source",
  ],
  [
    {
      projected: {
        sources: ["x", "y"].map(name => ({ secret: { name, items: [{ key: "a", path: "p" }] } })),
      },
    },
    'projected: Invalid value: "y": conflicting duplicate paths',
  ],
  [
    { projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 5 } }] } },
    "projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
  ],
];

const mount = { name: "a", mountPath: "/x" };
const HTTP_HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

const containers: Case[] = [
  [{ volumeMounts: [{ ...mount, name: "z" }] }, 'volumeMounts[0].name: Not found: "z"'],
  [
    { volumeMounts: [{ ...mount, subPath: "../y" }] },
    "volumeMounts.subPath: Invalid value: \"../y\": must not contain '..'",
  ],
  [
    { volumeMounts: [{ ...mount, subPath: "y", subPathExpr: "z" }] },
    'volumeMounts[0].subPathExpr: Invalid value: "z": subPathExpr and subPath are mutually exclusive',
  ],
  [
    { volumeMounts: [{ ...mount, mountPropagation: "Bidirectional" }] },
    "volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
  ],
  [
    { volumeMounts: [{ ...mount, recursiveReadOnly: "Enabled" }] },
    "volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
  ],
  [
    { volumeDevices: [{ name: "a", devicePath: "/x" }] },
    'volumeDevices[0].name: Invalid value: "a": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
  ],
  [{ env: [{ name: "1a b", value: "x" }], envFrom: [{ prefix: "1", secretRef: { name: "y" } }] }],
  [
    { env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "bogus" } } }] },
    'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "bogus": error converting fieldPath: field label not supported: bogus',
  ],
  [
    { env: [{ name: "a", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "3" } } }] },
    'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ],
  [{ env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.labels['x']" } } }] }],
  [{ envFrom: [{}] }, 'envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
  [{ envFrom: [{ configMapRef: { name: "" } }] }, "envFrom[0].configMapRef.name: Required value"],
  [
    { livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: "a b" }] } } },
    `livenessProbe.httpGet.httpHeaders: Invalid value: "a b": ${HTTP_HEADER}`,
  ],
  [
    { readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 } },
    "readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes",
  ],
  [
    { lifecycle: { preStop: { sleep: { seconds: 500 } } } },
    "lifecycle.preStop.sleep: Invalid value: 500: must be non-negative and less than terminationGracePeriodSeconds (30)",
  ],
  [
    { resources: { requests: { bogus: "1" } } },
    'resources.requests[bogus]: Invalid value: "bogus": must be a standard resource type or fully qualified',
    'resources.requests[bogus]: Invalid value: "bogus": must be a standard resource for containers',
  ],
  [
    { resources: { requests: { "example.com/gpu": "1" } } },
    "resources.limits: Required value: Limit must be set for non overcommitable resources",
  ],
  [
    { resources: { limits: { "example.com/gpu": "2" }, requests: { "example.com/gpu": "1" } } },
    'resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
  ],
  [
    { resources: { claims: [{ name: "x" }] } },
    'resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
  ],
];

function table(title: string, cases: Case[], prefix: string, specOf: (parts: Json) => Json): void {
  describe(title, () => {
    for (const [parts, ...errors] of cases) {
      it(errors.join("; ").slice(0, 90) || `has ${JSON.stringify(parts)}`, () => {
        assert.deepEqual(
          refused(specOf(parts)),
          errors.map(error => prefix + error),
        );
      });
    }
  });
}

table("volumes of a Pod", volumes, "spec.volumes[0].", parts => ({ volumes: [{ name: "a", ...parts }] }));
table("containers of a Pod", containers, "spec.containers[0].", parts => ({
  volumes: [{ name: "a" }],
  containers: [{ name: "app", image: "nginx", ...parts }],
}));
