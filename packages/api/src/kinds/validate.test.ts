/** What is refused of each kind, in upstream's words: each line was compared with a kube-apiserver of 1.34. */
import assert from "node:assert/strict";
import { admit } from "../admit.ts";
import { describeFieldError } from "../validation/field-error.ts";
import { validateNew, validateUpdate } from "../validation/validate.ts";
import type { Kind } from "./kind.ts";
import { kinds } from "./table.ts";

type Json = Record<string, unknown>;

const template = {
  metadata: { labels: { a: "b" } },
  spec: { containers: [{ name: "app", image: "nginx" }] },
};
const workload = { selector: { matchLabels: { a: "b" } }, template };
const metadata = { name: "x", namespace: "default", uid: "u" };

function admitted(kind: Kind, parts: Json) {
  const { object } = admit(kind, { ...parts, metadata: { ...metadata, ...(parts.metadata as Json) } });
  if (!kind.namespaced) delete object.metadata.namespace;
  kind.prepareCreate(object);
  return object;
}

const refused = (kind: Kind, parts: Json) => validateNew(kind, admitted(kind, parts)).map(describeFieldError);

const created: [kind: Kind, parts: Json, ...errors: string[]][] = [
  [kinds.deployments, { spec: workload }],
  [
    kinds.deployments,
    { spec: { ...workload, selector: { matchLabels: { a: "c" } } } },
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
  ],
  [
    kinds.deployments,
    { spec: { ...workload, selector: {} } },
    "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
  ],
  [
    kinds.deployments,
    { spec: { ...workload, strategy: { rollingUpdate: { maxSurge: "0%", maxUnavailable: 0 } } } },
    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
  ],
  [
    kinds.deployments,
    { spec: { ...workload, strategy: { type: "Recreate", rollingUpdate: {} } } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    kinds.daemonSets,
    { spec: { ...workload, updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } },
    "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
  ],
  [
    kinds.replicaSets,
    { spec: { ...workload, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    kinds.statefulSets,
    { spec: { ...workload, updateStrategy: { rollingUpdate: { partition: -1 } } } },
    "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
  ],
  [
    kinds.jobs,
    { spec: { template } },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    kinds.jobs,
    {
      spec: {
        template: { spec: { ...template.spec, restartPolicy: "Never" } },
        podFailurePolicy: {
          rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [2, 1, 0] } }],
        },
      },
    },
    "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator",
    "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1,0]: must be ordered",
  ],
  [kinds.services, { spec: {} }, "spec.ports: Required value"],
  [
    kinds.services,
    { spec: { ports: [{ port: 80 }, { port: 80, name: "a" }] } },
    "spec.ports[0].name: Required value",
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ],
  [kinds.services, { spec: { type: "ExternalName" } }, "spec.externalName: Required value"],
  [
    kinds.services,
    { spec: { ports: [{ port: 80 }], clusterIP: "None", clusterIPs: ["None"], type: "NodePort" } },
    "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
  ],
  [
    kinds.services,
    { metadata: { name: "1a" }, spec: { ports: [{ port: 80 }] } },
    "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    kinds.endpoints,
    { subsets: [{ addresses: [{ ip: "127.0.0.1" }] }] },
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [
    kinds.endpointSlices,
    { addressType: "IPv4", endpoints: [{ addresses: ["fd00::1"] }] },
    'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
  ],
  [
    kinds.networkPolicies,
    { spec: { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }] }] } },
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
  ],
  [
    kinds.networkPolicies,
    { spec: { egress: [{ ports: [{ port: 80, endPort: 70 }] }] } },
    "spec.egress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
  ],
  [
    kinds.ingresses,
    { spec: {} },
    "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
  ],
  [
    kinds.ingressClasses,
    { spec: { controller: "x" } },
    'spec.controller: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  [kinds.serviceCIDRs, { spec: { cidrs: [] } }, "spec.cidrs: Required value: at least one CIDR required"],
  [
    kinds.leases,
    { spec: { leaseDurationSeconds: 0 } },
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
  ],
  [
    kinds.configMaps,
    { data: { "..": "x" }, binaryData: { "..": "" } },
    "data[..]: Invalid value: \"..\": must not be '..'",
    "binaryData[..]: Invalid value: \"..\": must not be '..'",
    'data[..]: Invalid value: "..": duplicate of key present in binaryData',
  ],
  [
    kinds.secrets,
    { data: { a: btoa("x".repeat(1024 * 1024 + 1)) } },
    "data: Too long: may not be more than 1048576 bytes",
  ],
  [kinds.secrets, { type: "kubernetes.io/tls", data: { "tls.crt": "" } }, "data[tls.key]: Required value"],
];

const updated: [kind: Kind, parts: Json, change: Json, ...errors: string[]][] = [
  [
    kinds.deployments,
    { spec: workload },
    {
      spec: {
        selector: { matchLabels: { c: "d" } },
        template: { ...template, metadata: { labels: { c: "d" } } },
      },
    },
    'spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable',
  ],
  [
    kinds.statefulSets,
    { spec: workload },
    { spec: { ...workload, serviceName: "other" } },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  [
    kinds.configMaps,
    { data: { a: "b" }, immutable: true },
    { data: { a: "c" } },
    "immutable: Forbidden: field is immutable when `immutable` is set",
    "data: Forbidden: field is immutable when `immutable` is set",
  ],
  [kinds.secrets, {}, { type: "other" }, 'type: Invalid value: "other": field is immutable'],
  [
    kinds.endpointSlices,
    { addressType: "IPv4" },
    { addressType: "IPv6" },
    'addressType: Invalid value: "IPv6": field is immutable',
  ],
  [
    kinds.services,
    { spec: { ports: [{ port: 80 }], clusterIP: "10.96.0.5", clusterIPs: ["10.96.0.5"] } },
    { spec: { ports: [{ port: 80 }], clusterIP: "10.96.0.6", clusterIPs: ["10.96.0.6"] } },
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set',
  ],
];

describe("validation of each kind", () => {
  for (const [kind, parts, ...errors] of created) {
    it(`${kind.kind}: ${errors.join("; ").slice(0, 90) || "a whole one"}`, () => {
      assert.deepEqual(refused(kind, parts), errors);
    });
  }

  for (const [kind, parts, change, ...errors] of updated) {
    it(`${kind.kind}, changed: ${errors.join("; ").slice(0, 90)}`, () => {
      const stored = admitted(kind, parts);
      const next = { ...structuredClone(admitted(kind, change)), metadata: structuredClone(stored.metadata) };
      kind.prepareUpdate(next, stored);
      assert.deepEqual(validateUpdate(kind, next, stored).map(describeFieldError), errors);
    });
  }

  it("a Secret keeps text as data", () => {
    const { data, stringData } = admitted(kinds.secrets, {
      data: { a: "YQ==" },
      stringData: { b: "ü" },
    }) as never as {
      data: Json;
      stringData: unknown;
    };
    assert.deepEqual([data, stringData], [{ a: "YQ==", b: "w7w=" }, undefined]);
  });
});
