/** The rows of `kubectl get -o wide` for each kind; those of Pods stand beside their columns. */
import assert from "node:assert/strict";
import { admit } from "../admit.ts";
import type { Kind } from "./kind.ts";
import { kinds } from "./table.ts";

const NOW = Date.parse("2025-01-01T01:00:00Z");
const CREATED = "2025-01-01T00:00:00Z";

interface Case {
  readonly kind: Kind;
  readonly object: object;
  readonly row: string;
}

function rowOf(kind: Kind, object: object): string {
  const { metadata, ...rest } = object as { metadata?: object };
  const whole = { metadata: { name: "x", creationTimestamp: CREATED, ...metadata }, ...rest };
  const admitted = admit(kind, whole).object;
  return kind.columns.map(column => column.cell(admitted, NOW)).join("|");
}

const template = {
  metadata: { labels: { a: "b" } },
  spec: {
    containers: [
      { name: "app", image: "nginx:1" },
      { name: "side", image: "envoy:2" },
    ],
    nodeSelector: { disk: "ssd", arch: "arm" },
  },
};
const selector = {
  matchLabels: { b: "1" },
  matchExpressions: [
    { key: "c", operator: "In", values: ["y", "x"] },
    { key: "a", operator: "NotIn", values: ["z"] },
    { key: "e", operator: "Exists" },
    { key: "d", operator: "DoesNotExist" },
  ],
};
const SELECTOR = "a notin (z),b=1,c in (x,y),!d,e";
const WIDE = `app,side|nginx:1,envoy:2|${SELECTOR}`;

const workloads: Case[] = [
  {
    kind: kinds.deployments,
    object: {
      spec: { selector, template, replicas: 3 },
      status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    },
    row: `x|2/3|1|2|60m|${WIDE}`,
  },
  {
    kind: kinds.deployments,
    object: { spec: { selector: {}, template } },
    row: "x|0/1|0|0|60m|app,side|nginx:1,envoy:2|",
  },
  {
    kind: kinds.replicaSets,
    object: { spec: { selector, template, replicas: 0 }, status: { replicas: 2, readyReplicas: 1 } },
    row: `x|0|2|1|60m|${WIDE}`,
  },
  {
    kind: kinds.replicaSets,
    object: { spec: { selector: {} } },
    row: "x|1|0|0|60m|||<none>",
  },
  {
    kind: kinds.statefulSets,
    object: { spec: { selector, template, replicas: 2 }, status: { readyReplicas: 1 } },
    row: "x|1/2|60m|app,side|nginx:1,envoy:2",
  },
  {
    kind: kinds.daemonSets,
    object: {
      spec: { selector, template },
      status: {
        desiredNumberScheduled: 5,
        currentNumberScheduled: 4,
        numberReady: 3,
        updatedNumberScheduled: 2,
        numberAvailable: 1,
      },
    },
    row: `x|5|4|3|2|1|arch=arm,disk=ssd|60m|${WIDE}`,
  },
  {
    kind: kinds.controllerRevisions,
    object: {
      revision: 7,
      metadata: {
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: "u", controller: true },
        ],
      },
    },
    row: "x|statefulset.apps/db|7|60m",
  },
  { kind: kinds.controllerRevisions, object: { revision: 1 }, row: "x|<none>|1|60m" },
];

const job = (spec: object, status: object, metadata: object = {}) => ({
  metadata,
  spec: { template, ...spec },
  status,
});
const condition = (type: string) => ({ conditions: [{ type, status: "True" }] });
const IMAGES = "app,side|nginx:1,envoy:2|<none>";

const jobs: Case[] = [
  {
    kind: kinds.jobs,
    object: job({ completions: 3, selector }, { succeeded: 1, startTime: "2025-01-01T00:59:00Z" }),
    row: `x|Running|1/3|60s|60m|${WIDE}`,
  },
  {
    kind: kinds.jobs,
    object: job({ parallelism: 4 }, { ...condition("Suspended") }),
    row: `x|Suspended|0/1 of 4||60m|${IMAGES}`,
  },
  {
    kind: kinds.jobs,
    object: job(
      { completions: 1 },
      { ...condition("Complete"), succeeded: 1, startTime: CREATED, completionTime: "2025-01-01T00:02:05Z" },
    ),
    row: `x|Complete|1/1|2m5s|60m|${IMAGES}`,
  },
  {
    kind: kinds.jobs,
    object: job({ completions: 1 }, condition("FailureTarget"), { deletionTimestamp: CREATED }),
    row: `x|Terminating|0/1||60m|${IMAGES}`,
  },
  {
    kind: kinds.jobs,
    object: job({ completions: 1 }, condition("Failed")),
    row: `x|Failed|0/1||60m|${IMAGES}`,
  },
];

const ports = [{ port: 80 }, { port: 53, protocol: "UDP", nodePort: 30_053 }];
const ingress = [{ ip: "203.0.113.2" }, { hostname: "lb.example" }, { ip: "203.0.113.1" }];

const services: Case[] = [
  {
    kind: kinds.services,
    object: {
      spec: {
        ports,
        selector: { b: "2", a: "1" },
        clusterIPs: ["10.96.0.9", "fd00::9"],
        clusterIP: "10.96.0.9",
      },
    },
    row: "x|ClusterIP|10.96.0.9|<none>|80/TCP,53:30053/UDP|60m|a=1,b=2",
  },
  {
    kind: kinds.services,
    object: { spec: { clusterIP: "None", clusterIPs: ["None"], externalIPs: ["192.0.2.1", "192.0.2.2"] } },
    row: "x|ClusterIP|None|192.0.2.1,192.0.2.2|<none>|60m|<none>",
  },
  {
    kind: kinds.services,
    object: { spec: { type: "LoadBalancer", ports: [{ port: 1 }] } },
    row: "x|LoadBalancer|<none>|<pending>|1/TCP|60m|<none>",
  },
  {
    kind: kinds.services,
    object: {
      spec: { type: "LoadBalancer", externalIPs: ["192.0.2.1"] },
      status: { loadBalancer: { ingress } },
    },
    row: "x|LoadBalancer|<none>|203.0.113.1,203.0.113.2,lb.example,192.0.2.1|<none>|60m|<none>",
  },
  {
    kind: kinds.services,
    object: { spec: { type: "ExternalName", externalName: "a.example" } },
    row: "x|ExternalName|<none>|a.example|<none>|60m|<none>",
  },
  { kind: kinds.endpoints, object: {}, row: "x|<none>|60m" },
  {
    kind: kinds.endpoints,
    object: {
      subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }], ports: [{ port: 80 }, { port: 81 }] }],
    },
    row: "x|10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 1 more...|60m",
  },
  {
    kind: kinds.endpoints,
    object: { subsets: [{ addresses: [{ ip: "10.0.0.1" }] }, { notReadyAddresses: [{ ip: "10.0.0.2" }] }] },
    row: "x|10.0.0.1|60m",
  },
  {
    kind: kinds.endpointSlices,
    object: {
      addressType: "IPv4",
      endpoints: [
        { addresses: ["10.0.0.1", "10.0.0.2"] },
        { addresses: ["10.0.0.3"] },
        { addresses: ["10.0.0.4"] },
      ],
      ports: [{ port: 80 }, { name: "http" }],
    },
    row: "x|IPv4|80,http|10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...|60m",
  },
  {
    kind: kinds.endpointSlices,
    object: { addressType: "IPv6", endpoints: [] },
    row: "x|IPv6|<unset>|<unset>|60m",
  },
];

const networking: Case[] = [
  { kind: kinds.networkPolicies, object: { spec: { podSelector: {} } }, row: "x|<none>|60m" },
  { kind: kinds.networkPolicies, object: { spec: { podSelector: selector } }, row: `x|${SELECTOR}|60m` },
  { kind: kinds.ingresses, object: { spec: {} }, row: "x|<none>|*||80|60m" },
  {
    kind: kinds.ingresses,
    object: {
      spec: {
        ingressClassName: "nginx",
        rules: ["a", "", "b", "c", ""].map(host => ({ host })),
        tls: [{ hosts: ["a"] }],
      },
      status: { loadBalancer: { ingress } },
    },
    row: "x|nginx|a,b,c + 2 more...|203.0.113.1,203.0.113.2,lb.example|80, 443|60m",
  },
  {
    kind: kinds.ingressClasses,
    object: { spec: { controller: "example.com/c" } },
    row: "x|example.com/c|<none>|60m",
  },
  {
    kind: kinds.ingressClasses,
    object: {
      spec: {
        controller: "example.com/c",
        parameters: { apiGroup: "k8s.example.com", kind: "P", name: "ext" },
      },
    },
    row: "x|example.com/c|P.k8s.example.com/ext|60m",
  },
  {
    kind: kinds.ipAddresses,
    object: { spec: { parentRef: { resource: "services", namespace: "default", name: "web" } } },
    row: "x|services/default/web",
  },
  {
    kind: kinds.serviceCIDRs,
    object: { spec: { cidrs: ["10.96.0.0/16", "fd00::/112"] } },
    row: "x|10.96.0.0/16,fd00::/112|60m",
  },
];

const others: Case[] = [
  { kind: kinds.configMaps, object: { data: { a: "1", b: "2" }, binaryData: { c: "" } }, row: "x|3|60m" },
  { kind: kinds.configMaps, object: {}, row: "x|0|60m" },
  { kind: kinds.secrets, object: { data: { a: "" } }, row: "x|Opaque|1|60m" },
  { kind: kinds.serviceAccounts, object: { secrets: [{ name: "t" }] }, row: "x|1|60m" },
  { kind: kinds.leases, object: { spec: { holderIdentity: "me" } }, row: "x|me|60m" },
  { kind: kinds.leases, object: { spec: {} }, row: "x||60m" },
  { kind: kinds.namespaces, object: { status: { phase: "Terminating" } }, row: "x|Terminating|60m" },
  {
    kind: kinds.nodes,
    object: {
      metadata: { labels: { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "agent" } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: "Ready", status: "False" }],
        addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
        nodeInfo: { kubeletVersion: "v1.34.0", osImage: "Debian" },
      },
    },
    row: "x|NotReady,SchedulingDisabled|agent,worker|60m|v1.34.0|10.0.0.1|<none>|Debian|<unknown>|<unknown>",
  },
  { kind: kinds.nodes, object: {}, row: "x|Unknown|<none>|60m||<none>|<none>|<unknown>|<unknown>|<unknown>" },
  {
    kind: kinds.events,
    object: {
      involvedObject: { kind: "Pod", name: "web", fieldPath: "spec.containers{app}" },
      type: "Warning",
      reason: "BackOff",
      message: " restarting \n",
      source: { component: "node", host: "n1" },
      firstTimestamp: CREATED,
      lastTimestamp: "2025-01-01T00:58:00Z",
      count: 4,
    },
    row: "2m|Warning|BackOff|pod/web|spec.containers{app}|node, n1|restarting|60m|4|x",
  },
  {
    kind: kinds.events,
    object: {
      involvedObject: { kind: "Node" },
      eventTime: "2025-01-01T00:00:00.000000Z",
      reportingComponent: "c",
      series: { count: 9, lastObservedTime: "2025-01-01T00:59:59.000000Z" },
    },
    row: "1s|||node||c||60m|9|x",
  },
];

describe("columns", () => {
  for (const { kind, object, row } of [...workloads, ...jobs, ...services, ...networking, ...others]) {
    it(`${kind.kind}: ${row}`, () => assert.equal(rowOf(kind, object), row));
  }
});
