/** What a Service must satisfy: pkg/apis/core/validation, ValidateService. Addresses are given out elsewhere. */
import type { Service, ServicePort, ServiceSpec } from "../../core/service.ts";
import { validateAddress, validateEndpointAddress, validateRange } from "../../validation/addresses.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { portNumber, shaped } from "../../validation/fields.ts";
import { validateLabels } from "../../validation/metadata.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  portNameProblems,
} from "../../validation/names.ts";
import { isExternallyAccessible, isHeadless, needsHealthCheck } from "./by-type.ts";
import { validateServiceAddresses } from "./validate-cluster-ips.ts";

export function validateService({ metadata, spec }: Service): FieldError[] {
  const { annotations = {} } = metadata;
  return [
    ...validateTopologyAnnotations(annotations),
    ...validateByType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector ?? {}, "spec.selector"),
    ...validateAffinity(spec),
    // Words that are none are told by the schema.
    ...validateServiceAddresses(spec).filter(({ kind }) => kind !== "notSupported"),
    ...validateExternalIPs(spec),
    ...validateSourceRanges(spec, annotations),
    ...validateLoadBalancer(spec),
    ...validateTrafficPolicies(spec),
    ...validateTrafficDistribution(spec),
  ];
}

const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";

type Annotations = Readonly<Record<string, string>>;

function validateTopologyAnnotations(annotations: Annotations): FieldError[] {
  const [hints, mode] = [annotations[TOPOLOGY_HINTS], annotations[TOPOLOGY_MODE]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const detail = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  return [fieldInvalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, detail)];
}

function validateByType(spec: ServiceSpec): FieldError[] {
  const { type, clusterIP, clusterIPs, externalName } = spec;
  const field = "spec.clusterIPs";
  switch (type) {
    case "LoadBalancer":
    case "NodePort":
      if (!isHeadless(spec)) return [];
      return [
        fieldInvalid(
          `${field}[0]`,
          "None",
          type === "LoadBalancer"
            ? "may not be set to 'None' for LoadBalancer services"
            : "may not be set to 'None' for NodePort services",
        ),
      ];
    case "ExternalName": {
      const errors: FieldError[] = [];
      if (clusterIP || clusterIPs?.length)
        errors.push(fieldForbidden(field, "may not be set for ExternalName services"));
      if (spec.ipFamilies?.length)
        errors.push(fieldForbidden("spec.ipFamilies", "may not be set for ExternalName services"));
      if (spec.ipFamilyPolicy !== undefined) {
        errors.push(fieldForbidden("spec.ipFamilyPolicy", "may not be set for ExternalName services"));
      }
      const name = externalName?.replace(/\.$/, "") ?? "";
      if (name === "") return [...errors, fieldRequired("spec.externalName")];
      return [...errors, ...shaped("spec.externalName", name, dnsSubdomainProblems)];
    }
    default:
      return [];
  }
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const { ports = [], type } = spec;
  const field = "spec.ports";
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(spec) && type !== "ExternalName") errors.push(fieldRequired(field));
  const names = new Set<string>();
  for (const [at, port] of ports.entries()) {
    errors.push(...validatePort(port, ports.length > 1, names, `${field}[${at}]`));
  }
  for (const [at, { nodePort }] of ports.entries()) {
    if (nodePort && type === "ClusterIP") {
      const detail = "may not be used when `type` is 'ClusterIP'";
      errors.push(fieldForbidden(`${field}[${at}].nodePort`, detail));
    }
  }
  return [...errors, ...duplicates(ports, field)];
}

function validatePort(
  { name, port, targetPort, appProtocol }: ServicePort,
  needsName: boolean,
  names: Set<string>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name && needsName) errors.push(fieldRequired(`${field}.name`));
  if (name) {
    errors.push(...shaped(`${field}.name`, name, dnsLabelProblems));
    if (names.has(name)) errors.push(fieldDuplicate(`${field}.name`, name));
    names.add(name);
  }
  errors.push(...portNumber(`${field}.port`, port));
  if (typeof targetPort === "string")
    errors.push(...shaped(`${field}.targetPort`, targetPort, portNameProblems));
  else errors.push(...portNumber(`${field}.targetPort`, targetPort));
  return [...errors, ...shaped(`${field}.appProtocol`, appProtocol, labelKeyProblems)];
}

/** Ports of one Service differ in number or protocol, and so do its ports on the nodes. */
function duplicates(ports: readonly ServicePort[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  const nodePorts = new Set<string>();
  const seen = new Set<string>();
  for (const [at, { port, protocol = "TCP", nodePort }] of ports.entries()) {
    if (nodePort) {
      const key = `${protocol}/${nodePort}`;
      if (nodePorts.has(key)) errors.push(fieldDuplicate(`${field}[${at}].nodePort`, nodePort));
      nodePorts.add(key);
    }
    const key = `${protocol}/${port}`;
    if (seen.has(key)) errors.push(fieldDuplicate(`${field}[${at}]`, duplicateOf(port, protocol)));
    seen.add(key);
  }
  return errors;
}

/** As upstream prints what it compared. */
function duplicateOf(port: number, protocol: string): object {
  return { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
}

const AFFINITY_SECONDS_MAX = 86_400;

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const field = "spec.sessionAffinityConfig";
  if (sessionAffinity !== "ClientIP") {
    if (config === undefined) return [];
    return [fieldForbidden(field, "must not be set when session affinity is None")];
  }
  const seconds = config?.clientIP?.timeoutSeconds;
  if (seconds === undefined || (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX)) return [];
  const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [fieldInvalid(`${field}.clientIP.timeoutSeconds`, seconds, detail)];
}

function validateExternalIPs({ externalIPs = [] }: ServiceSpec): FieldError[] {
  return externalIPs.flatMap((address, at) => {
    const field = `spec.externalIPs[${at}]`;
    const errors = validateAddress(field, address);
    return errors.length > 0 ? errors : validateEndpointAddress(field, address);
  });
}

const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
const SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** In their field or, as it was before, in an annotation. Spaces around a range are let pass. */
function validateSourceRanges(
  { type, loadBalancerSourceRanges: ranges = [] }: ServiceSpec,
  annotations: Annotations,
): FieldError[] {
  const annotation = ranges.length > 0 ? undefined : annotations[SOURCE_RANGES_ANNOTATION];
  if (ranges.length === 0 && annotation === undefined) return [];
  const field =
    annotation === undefined
      ? "spec.LoadBalancerSourceRanges"
      : `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`;
  const errors = type === "LoadBalancer" ? [] : [fieldForbidden(field, ONLY_LOAD_BALANCER)];
  if (annotation === undefined) {
    return [...errors, ...ranges.flatMap((range, at) => validateRange(`${field}[${at}]`, range.trim()))];
  }
  if (annotation.trim() === "") return errors;
  return [...errors, ...annotation.split(",").flatMap(range => validateRange(field, range.trim()))];
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const { type, loadBalancerClass, allocateLoadBalancerNodePorts } = spec;
  const is = type === "LoadBalancer";
  const errors: FieldError[] = [];
  if (!is && allocateLoadBalancerNodePorts !== undefined) {
    errors.push(fieldForbidden("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER));
  }
  if (loadBalancerClass === undefined) return errors;
  if (!is) return [...errors, fieldForbidden("spec.loadBalancerClass", ONLY_LOAD_BALANCER)];
  return [...errors, ...shaped("spec.loadBalancerClass", loadBalancerClass, labelKeyProblems)];
}

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: policy, healthCheckNodePort } = spec;
  const errors: FieldError[] = [];
  if (!isExternallyAccessible(spec) && policy) {
    const detail = "may only be set for externally-accessible services";
    errors.push(fieldInvalid("spec.externalTrafficPolicy", policy, detail));
  }
  const field = "spec.healthCheckNodePort";
  if (needsHealthCheck(spec)) {
    if (!healthCheckNodePort) errors.push(fieldRequired(field));
    return [...errors, ...portNumber(field, healthCheckNodePort || undefined)];
  }
  if (!healthCheckNodePort) return errors;
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [...errors, fieldInvalid(field, healthCheckNodePort, detail)];
}

const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];

function validateTrafficDistribution({ trafficDistribution: value }: ServiceSpec): FieldError[] {
  if (value === undefined || DISTRIBUTIONS.includes(value)) return [];
  return [fieldNotSupported("spec.trafficDistribution", value, DISTRIBUTIONS, "asTheyAre")];
}
