/** What the containers of a Pod must satisfy: names, images, ports, environment, mounts, probes, resources. */
import type {
  Container,
  ContainerPort,
  EnvVar,
  LifecycleHandler,
  Probe,
  VolumeMount,
} from "../../core/container.ts";
import type { PodSpec } from "../../core/pod.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { dnsLabelProblems, labelKeyProblems, portNameProblems } from "../../validation/names.ts";
import { between, isPort, PORT_MAX } from "../../validation/range.ts";
import { compareQuantities, quantityNanos } from "../../values/quantity.ts";

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
    ...validateMounts(spec, container.volumeMounts ?? [], `${field}.volumeMounts`),
    ...validateResources(container, `${field}.resources`),
    ...validateProbe(container.livenessProbe, `${field}.livenessProbe`, "one success"),
    ...validateProbe(container.readinessProbe, `${field}.readinessProbe`),
    ...validateProbe(container.startupProbe, `${field}.startupProbe`, "one success"),
    ...validateHandler(container.lifecycle?.postStart, `${field}.lifecycle.postStart`),
    ...validateHandler(container.lifecycle?.preStop, `${field}.lifecycle.preStop`),
  ];
}

/** An init container runs to its end before the next starts, unless it is a sidecar (`restartPolicy: Always`). */
function validateInit(container: Container, field: string): FieldError[] {
  if (container.restartPolicy === "Always") return [];
  if (container.restartPolicy) {
    return [fieldNotSupported(`${field}.restartPolicy`, container.restartPolicy, ["Always"])];
  }
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
      const detail = "must match `hostPort` when `hostNetwork` is true";
      errors.push(fieldInvalid(`${place}.containerPort`, containerPort, detail));
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

function validateEnv(env: readonly EnvVar[], field: string): FieldError[] {
  return env.flatMap(({ name, value, valueFrom }, at) => {
    const place = `${field}[${at}]`;
    const errors: FieldError[] = [];
    if (name?.includes("=")) {
      const detail =
        "a valid environment variable name must consist only of printable ASCII characters other than '='";
      errors.push(fieldInvalid(`${place}.name`, name, detail));
    }
    const sources = valueFrom === undefined ? [] : Object.keys(valueFrom);
    if (valueFrom !== undefined && sources.length === 0) {
      const detail =
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
      errors.push(fieldInvalid(`${place}.valueFrom`, "", detail));
    } else if (sources.length > 0 && value) {
      errors.push(fieldInvalid(`${place}.valueFrom`, "", "may not be specified when `value` is not empty"));
    } else if (sources.length > 1) {
      errors.push(
        fieldInvalid(`${place}.valueFrom`, "", "may not have more than one field specified at a time"),
      );
    }
    return errors;
  });
}

function validateMounts(spec: PodSpec, mounts: readonly VolumeMount[], field: string): FieldError[] {
  const volumes = new Set((spec.volumes ?? []).map(volume => volume.name));
  const paths = new Set<string>();
  return mounts.flatMap(({ name, mountPath, subPath }, at) => {
    const place = `${field}[${at}]`;
    const errors: FieldError[] = [];
    if (name && !volumes.has(name)) errors.push(fieldNotFound(`${place}.name`, name));
    if (paths.has(mountPath)) errors.push(fieldInvalid(`${place}.mountPath`, mountPath, "must be unique"));
    paths.add(mountPath);
    if (subPath?.startsWith("/")) {
      errors.push(fieldInvalid(`${place}.subPath`, subPath, "must be a relative path"));
    }
    if (subPath?.split("/").includes("..")) {
      errors.push(fieldInvalid(`${place}.subPath`, subPath, "must not contain '..'"));
    }
    return errors;
  });
}

function validateResources({ resources }: Container, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const part of ["limits", "requests"] as const) {
    for (const [name, amount] of Object.entries(resources?.[part] ?? {})) {
      const place = `${field}.${part}[${name}]`;
      errors.push(...labelKeyProblems(name).map(problem => fieldInvalid(`${field}.${part}`, name, problem)));
      if (quantityNanos(amount)! < 0n) {
        errors.push(fieldInvalid(place, amount, "must be greater than or equal to 0"));
      }
    }
  }
  for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
    const request = resources?.requests?.[name];
    if (request === undefined || compareQuantities(request, limit) <= 0) continue;
    const detail = `must be less than or equal to ${name} limit of ${limit}`;
    errors.push(fieldInvalid(`${field}.requests`, request, detail));
  }
  return errors;
}

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function validateHandler(
  handler: (LifecycleHandler & Pick<Probe, "grpc">) | undefined,
  field: string,
): FieldError[] {
  if (handler === undefined) return [];
  const [first, ...more] = HANDLERS.filter(name => handler[name] !== undefined);
  if (first === undefined) return [fieldRequired(field, "must specify a handler type")];
  const errors: FieldError[] = more.map(name =>
    fieldForbidden(`${field}.${name}`, "may not specify more than 1 handler type"),
  );
  if (handler.exec && !handler.exec.command?.length) errors.push(fieldRequired(`${field}.exec.command`));
  for (const name of ["httpGet", "tcpSocket", "grpc"] as const) {
    const port = handler[name]?.port;
    if (typeof port === "number" && !isPort(port)) {
      errors.push(fieldInvalid(`${field}.${name}.port`, port, between(1, PORT_MAX)));
    } else if (typeof port === "string") {
      errors.push(...portNameProblems(port).map(text => fieldInvalid(`${field}.${name}.port`, port, text)));
    }
  }
  return errors;
}

function validateProbe(probe: Probe | undefined, field: string, successes?: "one success"): FieldError[] {
  if (probe === undefined) return [];
  const errors = validateHandler(probe, field);
  const numbers = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const;
  for (const name of numbers) {
    const value = probe[name] ?? 0;
    if (value < 0) errors.push(fieldInvalid(`${field}.${name}`, value, "must be greater than or equal to 0"));
  }
  if (successes && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(fieldInvalid(`${field}.successThreshold`, probe.successThreshold, "must be 1"));
  }
  return errors;
}
