/** What the containers of a Pod must satisfy: names, images, ports, environment, mounts, probes, resources. */
import type { Container, ContainerPort } from "../../core/container.ts";
import type { PodSpec } from "../../core/pod.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldRequired,
} from "../../validation/field-error.ts";
import { dnsLabelProblems, portNameProblems } from "../../validation/names.ts";
import { between, isPort, PORT_MAX } from "../../validation/range.ts";
import { validateEnv, validateEnvFrom } from "./validate-environment.ts";
import { validateDevices, validateMounts } from "./validate-mounts.ts";
import { validateLifecycle } from "./validate-probe.ts";
import { validateResources } from "./validate-resources.ts";
import { validateSecurity } from "./validate-security.ts";

export function validateContainers(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const lists = ["containers", "initContainers", "ephemeralContainers"] as const;
  for (const list of lists) {
    for (const [at, container] of (spec[list] ?? []).entries()) {
      const field = `spec.${list}[${at}]`;
      errors.push(...validateName(field, container.name, names));
      errors.push(...validateContainer(spec, container, field));
      if (list === "initContainers") errors.push(...validateInit(container, field));
    }
  }
  return [...errors, ...validateHostPorts(spec)];
}

function validateName(field: string, name: string, seen: Set<string>): FieldError[] {
  if (!name) return [];
  const errors = dnsLabelProblems(name).map(problem => fieldInvalid(`${field}.name`, name, problem));
  if (seen.has(name)) errors.push(fieldDuplicate(`${field}.name`, name));
  seen.add(name);
  return errors;
}

function validateContainer(spec: PodSpec, container: Container, field: string): FieldError[] {
  const { image } = container;
  const errors: FieldError[] = [];
  if (!image) errors.push(fieldRequired(`${field}.image`));
  else if (image !== image.trim()) {
    errors.push(fieldInvalid(`${field}.image`, image, "must not have leading or trailing whitespace"));
  }
  return [
    ...errors,
    ...validatePorts(spec, container.ports ?? [], `${field}.ports`),
    ...validateEnv(container.env ?? [], `${field}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${field}.envFrom`),
    ...validateMounts(spec, container, `${field}.volumeMounts`),
    ...validateDevices(spec, container, `${field}.volumeDevices`),
    ...validateResources(spec, container, `${field}.resources`),
    ...validateSecurity(container.securityContext, spec.hostUsers !== false, `${field}.securityContext`),
    ...validateLifecycle(container, spec.terminationGracePeriodSeconds ?? 0, field),
  ];
}

/** An init container runs to its end before the next starts, unless it is a sidecar (`restartPolicy: Always`). */
function validateInit(container: Container, field: string): FieldError[] {
  if (container.restartPolicy === "Always") return [];
  const parts = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;
  return parts
    .filter(part => container[part] !== undefined)
    .map(part =>
      fieldForbidden(`${field}.${part}`, "may not be set for init containers without restartPolicy=Always"),
    );
}

function validatePorts(spec: PodSpec, ports: readonly ContainerPort[], field: string): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, at) => {
    const errors: FieldError[] = [];
    const { name, containerPort, hostPort } = port;
    const place = `${field}[${at}]`;
    if (name) {
      errors.push(...portNameProblems(name).map(problem => fieldInvalid(`${place}.name`, name, problem)));
      if (names.has(name)) errors.push(fieldDuplicate(`${place}.name`, name));
      names.add(name);
    }
    if (containerPort === 0) errors.push(fieldRequired(`${place}.containerPort`));
    else if (containerPort !== undefined && !isPort(containerPort)) {
      errors.push(fieldInvalid(`${place}.containerPort`, containerPort, between(1, PORT_MAX)));
    }
    if (hostPort && !isPort(hostPort)) {
      errors.push(fieldInvalid(`${place}.hostPort`, hostPort, between(1, PORT_MAX)));
    }
    if (spec.hostNetwork && hostPort && hostPort !== containerPort) {
      const detail = "must match `containerPort` when `hostNetwork` is true";
      errors.push(fieldInvalid(`${place}.hostPort`, hostPort, detail));
    }
    return errors;
  });
}

/** Two containers of one Pod cannot have the same port of the host. */
function validateHostPorts(spec: PodSpec): FieldError[] {
  const seen = new Set<string>();
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap(({ hostPort, protocol, hostIP }, at) => {
      if (!hostPort) return [];
      const identity = `${protocol}/${hostIP ?? ""}/${hostPort}`;
      const taken = seen.has(identity);
      seen.add(identity);
      const field = `spec.containers[${index}].ports[${at}].hostPort`;
      return taken ? [fieldDuplicate(field, identity)] : [];
    }),
  );
}
