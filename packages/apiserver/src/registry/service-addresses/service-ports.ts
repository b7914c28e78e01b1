/** The ports on the nodes that a Service has: of each of its ports, and for health checks. */
import {
  fieldInvalid,
  getsNodePorts,
  internalError,
  invalid,
  mayHaveNodePorts,
  needsHealthCheck,
  type Service,
  type ServiceSpec,
} from "@podwire/api";

export interface PortTaker {
  /** Why the port cannot be had; undefined: it is taken. */
  takePort(port: number): string | undefined;
  /** Undefined when there is none left. */
  takeAnyPort(): number | undefined;
}

/** Completes `next`. Throws Invalid, or InternalError when there is no port left. */
export function givePorts(next: Service, stored: ServiceSpec | undefined, taker: PortTaker): void {
  if (!mayHaveNodePorts(next.spec)) return;
  if (stored === undefined) giveNewPorts(next, taker);
  else giveMissingPorts(next, stored, taker);
}

/** Ports of one number, such as 53 over UDP and TCP, share a port of the nodes. */
function giveNewPorts(next: Service, taker: PortTaker): void {
  const { ports = [] } = next.spec;
  const byPort = new Map<number, number>();
  for (const [at, servicePort] of ports.entries()) {
    const { port, nodePort } = servicePort;
    if (!nodePort && !getsNodePorts(next.spec)) continue;
    const given = byPort.get(port);
    if (given === undefined) {
      const asked = ports.find(each => each.port === port && each.nodePort)?.nodePort;
      servicePort.nodePort = asked ? askedPort(next, at, asked, taker) : anyPort(taker);
      byPort.set(port, servicePort.nodePort);
    } else if (!nodePort) servicePort.nodePort = given;
    else if (nodePort !== given) askedPort(next, at, nodePort, taker);
  }
}

function giveMissingPorts(next: Service, stored: ServiceSpec, taker: PortTaker): void {
  const has = new Set(numbersOf(stored));
  for (const [at, servicePort] of (next.spec.ports ?? []).entries()) {
    const { nodePort } = servicePort;
    if (nodePort) {
      if (has.has(nodePort)) continue;
      askedPort(next, at, nodePort, taker);
      has.add(nodePort);
    } else if (getsNodePorts(next.spec)) servicePort.nodePort = anyPort(taker);
  }
}

function askedPort({ metadata }: Service, at: number, nodePort: number, taker: PortTaker): number {
  const why = taker.takePort(nodePort);
  if (why === undefined) return nodePort;
  const error = fieldInvalid(`spec.ports[${at}].nodePort`, nodePort, why);
  throw invalid("", "Service", metadata.name ?? "", [error]);
}

function anyPort(taker: PortTaker): number {
  const port = taker.takeAnyPort();
  if (port === undefined) throw internalError(new Error("failed to allocate a nodePort: range is full"));
  return port;
}

/** Where load balancers ask, once they are to: it stays until they are not. */
export function giveHealthCheckPort(
  next: ServiceSpec,
  stored: ServiceSpec | undefined,
  taker: PortTaker,
): void {
  if (!needsHealthCheck(next) || (stored !== undefined && needsHealthCheck(stored))) return;
  const { healthCheckNodePort: asked } = next;
  const why = asked ? taker.takePort(asked) : undefined;
  if (why !== undefined) {
    throw internalError(new Error(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`));
  }
  const port = asked || taker.takeAnyPort();
  if (port === undefined) {
    throw internalError(new Error("failed to allocate a HealthCheck NodePort 0: range is full"));
  }
  next.healthCheckNodePort = port;
}

/** All ports on the nodes that a Service has, with that for health checks. */
export function nodePortsOf(spec: ServiceSpec): number[] {
  const numbers = [...numbersOf(spec), ...(needsHealthCheck(spec) ? [spec.healthCheckNodePort] : [])];
  return [...new Set(numbers.flatMap(number => number || []))];
}

/** An ExternalName may name some, and has none. */
function numbersOf(spec: ServiceSpec): number[] {
  if (!mayHaveNodePorts(spec)) return [];
  return (spec.ports ?? []).flatMap(({ nodePort }) => nodePort || []);
}
