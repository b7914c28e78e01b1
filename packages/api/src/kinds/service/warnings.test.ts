/** Warnings of Services, in the words that a Kubernetes API server (1.34) answered with. */
import assert from "node:assert/strict";
import type { Service } from "../../core/service.ts";
import { serviceWarnings } from "./warnings.ts";

const cases: [string, object, string[], Record<string, string>?][] = [
  ["a plain one", { type: "ClusterIP", clusterIP: "10.96.0.5", clusterIPs: ["10.96.0.5"] }, []],
  [
    "headless",
    {
      type: "ClusterIP",
      clusterIP: "None",
      clusterIPs: ["None"],
      sessionAffinity: "ClientIP",
      externalIPs: ["192.0.2.1"],
      loadBalancerIP: "192.0.2.9",
    },
    [
      "spec.loadBalancerIP is ignored for headless services",
      "spec.externalIPs is ignored for headless services",
      "spec.SessionAffinity is ignored for headless services",
    ],
  ],
  [
    "a name with addresses",
    { type: "ExternalName", externalName: "a.test", externalIPs: ["192.0.2.1"] },
    ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  ],
  [
    "a name that is none",
    { type: "ClusterIP", externalName: "a.test" },
    ['spec.externalName is ignored when spec.type is not "ExternalName"'],
  ],
  [
    "addresses written otherwise",
    {
      type: "LoadBalancer",
      externalIPs: ["FD00::1"],
      loadBalancerSourceRanges: ["10.0.0.1/8", "FD00::/8", "fd00::/8"],
    },
    [
      'spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
      'spec.loadBalancerSourceRanges[1]: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")',
    ],
  ],
  [
    "the older annotation",
    { type: "ClusterIP" },
    [
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    ],
    { "service.kubernetes.io/topology-aware-hints": "Auto" },
  ],
];

describe("warnings of Services", () => {
  for (const [what, spec, expected, annotations] of cases) {
    it(what, () => {
      const object = { metadata: { annotations }, spec: { sessionAffinity: "None", ...spec } };
      assert.deepEqual(serviceWarnings(object as unknown as Service), expected);
    });
  }
});
