/**
 * What a new object is compared with: one that says nothing. Go writes some fields of such an object all the same
 * (structs held by value, and what is not `omitempty`), so a new object only changes them, and they are not owned
 * by who created it: `f:spec` has no "." in managedFields, `f:selector` of a Service has.
 */
import type { KubernetesObject } from "../../core/meta.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";

const POD_TEMPLATE = { metadata: {}, spec: { containers: null } };

/** `encoding/json` of the zero value of each type of k8s.io/api, beyond `metadata`, `spec` and `status`. */
const WRITTEN: Readonly<Record<string, object>> = {
  "v1/Pod": { spec: { containers: null } },
  "v1/Service": { status: { loadBalancer: {} } },
  "v1/Node": {
    status: {
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: "",
        osImage: "",
        containerRuntimeVersion: "",
        kubeletVersion: "",
        kubeProxyVersion: "",
        operatingSystem: "",
        architecture: "",
      },
    },
  },
  "v1/Event": {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: "",
    reportingInstance: "",
  },
  "events.k8s.io/v1/Event": {
    eventTime: null,
    regarding: {},
    deprecatedSource: {},
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
  },
  "apps/v1/Deployment": { spec: { selector: null, template: POD_TEMPLATE, strategy: {} } },
  "apps/v1/ReplicaSet": { spec: { selector: null, template: POD_TEMPLATE }, status: { replicas: 0 } },
  "apps/v1/StatefulSet": {
    spec: { selector: null, template: POD_TEMPLATE, serviceName: "", updateStrategy: {} },
    status: { replicas: 0, availableReplicas: 0 },
  },
  "apps/v1/DaemonSet": {
    spec: { selector: null, template: POD_TEMPLATE, updateStrategy: {} },
    status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  },
  "apps/v1/ControllerRevision": { data: null, revision: 0 },
  "batch/v1/Job": { spec: { template: POD_TEMPLATE } },
  "discovery.k8s.io/v1/EndpointSlice": { addressType: "", endpoints: null, ports: null },
  "networking.k8s.io/v1/NetworkPolicy": { spec: { podSelector: {} } },
  "networking.k8s.io/v1/Ingress": { status: { loadBalancer: {} } },
};

const blanks = new WeakMap<Kind, KubernetesObject>();

export function blankOf(kind: Kind): KubernetesObject {
  const known = blanks.get(kind);
  if (known !== undefined) return known;
  const blank = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {},
    ...(kind.schema.fields.has("spec") && { spec: {} }),
    ...(kind.schema.fields.has("status") && { status: {} }),
    ...WRITTEN[`${apiVersionOf(kind)}/${kind.kind}`],
  } as KubernetesObject;
  blanks.set(kind, blank);
  return blank;
}
