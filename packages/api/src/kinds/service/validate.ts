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
import { between } from "../../validation/range.ts";
import { validateClusterIPs } from "./validate-cluster-ips.ts";

export function validateService({ spec }: Service): FieldError[] {
  return [
    ...validateByType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector ?? {}, "spec.selector"),
    ...validateAffinity(spec),
    ...validateClusterIPs(spec),
    ...validateExternalIPs(spec),
    ...validateLoadBalancer(spec),
    ...validateTrafficPolicies(spec),
    ...validateTrafficDistribution(spec),
  ];
}

const isHeadless = ({ clusterIP }: ServiceSpec) => clusterIP === "None";

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
  const takesNodePorts = type === "NodePort" || type === "LoadBalancer";
  for (const [at, { nodePort }] of ports.entries()) {
    if (nodePort && !takesNodePorts) {
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
    if (seen.has(key)) errors.push(fieldDuplicate(`${field}[${at}]`, { port, protocol }));
    seen.add(key);
  }
  return errors;
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

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const { type, loadBalancerSourceRanges = [], loadBalancerClass, allocateLoadBalancerNodePorts } = spec;
  const only = "may only be used when `type` is 'LoadBalancer'";
  const is = type === "LoadBalancer";
  const errors: FieldError[] = [];
  if (!is && loadBalancerSourceRanges.length > 0) {
    errors.push(fieldForbidden("spec.LoadBalancerSourceRanges", only));
  }
  errors.push(
    ...loadBalancerSourceRanges.flatMap((range, at) =>
      validateRange(`spec.LoadBalancerSourceRanges[${at}]`, range.trim()),
    ),
  );
  if (!is && allocateLoadBalancerNodePorts !== undefined) {
    errors.push(fieldForbidden("spec.allocateLoadBalancerNodePorts", only));
  }
  if (loadBalancerClass === undefined) return errors;
  if (!is) return [...errors, fieldForbidden("spec.loadBalancerClass", only)];
  return [...errors, ...shaped("spec.loadBalancerClass", loadBalancerClass, labelKeyProblems)];
}

const HEALTH_PORT_MAX = 65_535;

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const { type, externalIPs, externalTrafficPolicy: policy, healthCheckNodePort } = spec;
  const isExternal =
    type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && !!externalIPs?.length);
  const errors: FieldError[] = [];
  if (!isExternal && policy) {
    const detail = "may only be set for externally-accessible services";
    errors.push(fieldInvalid("spec.externalTrafficPolicy", policy, detail));
  }
  if (!healthCheckNodePort) return errors;
  const field = "spec.healthCheckNodePort";
  if (type !== "LoadBalancer" || policy !== "Local") {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(fieldInvalid(field, healthCheckNodePort, detail));
  } else if (healthCheckNodePort < 1 || healthCheckNodePort > HEALTH_PORT_MAX) {
    errors.push(fieldInvalid(field, healthCheckNodePort, between(1, HEALTH_PORT_MAX)));
  }
  return errors;
}

const DISTRIBUTIONS = ["PreferClose"];

function validateTrafficDistribution({ trafficDistribution: value }: ServiceSpec): FieldError[] {
  if (value === undefined || DISTRIBUTIONS.includes(value)) return [];
  return [fieldNotSupported("spec.trafficDistribution", value, DISTRIBUTIONS)];
}

export function validateServiceUpdate(next: Service, stored: Service): FieldError[] {
  const errors: FieldError[] = [];
  const [to, from] = [next.spec, stored.spec];
  if (from.type !== "ExternalName" && to.type !== "ExternalName") {
    const [first, before] = [to.clusterIPs?.[0] ?? to.clusterIP, from.clusterIPs?.[0] ?? from.clusterIP];
    if (before && first !== before) {
      errors.push(fieldInvalid("spec.clusterIPs[0]", to.clusterIPs, "may not change once set"));
    }
  }
  if (
    from.type === "LoadBalancer" &&
    to.type === "LoadBalancer" &&
    from.loadBalancerClass !== to.loadBalancerClass
  ) {
    errors.push(fieldInvalid("spec.loadBalancerClass", to.loadBalancerClass, "may not change once set"));
  }
  const needs = ({ type, externalTrafficPolicy }: ServiceSpec) =>
    type === "LoadBalancer" && externalTrafficPolicy === "Local";
  if (
    needs(from) &&
    needs(to) &&
    from.healthCheckNodePort &&
    from.healthCheckNodePort !== to.healthCheckNodePort
  ) {
    errors.push(fieldForbidden("spec.healthCheckNodePort", "field is immutable"));
  }
  return errors;
}
