/** One attempt of a probe: what its handler asks of the container, over the pod's own network. */
import type { Container, Probe } from "@podwire/api";
import { grpcCheck } from "./grpc-health.ts";
import { httpGet } from "./http-get.ts";
import { resolvePort } from "./port.ts";
import { tcpConnect } from "./tcp-socket.ts";

export interface ProbeOutcome {
  /** `warning` counts as success, and is told. */
  result: "success" | "failure" | "warning";
  output: string;
}

export interface CommandResult {
  code: number;
  output: string;
  timedOut: boolean;
}

export interface ProbeTarget {
  container: Container;
  podIP: string;
  /** Runs a command in the container; ended after the timeout, when there is one. Rejects when it cannot be run. */
  exec(command: readonly string[], timeoutMs: number): Promise<CommandResult>;
}

/** Rejects when it cannot be said: the attempt counts for nothing. */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const { container, podIP } = target;
  const timeoutMs = (probe.timeoutSeconds || 1) * 1000;
  const verdict = (failure: string | undefined): ProbeOutcome =>
    failure === undefined ? { result: "success", output: "" } : { result: "failure", output: failure };
  if (probe.exec) return execProbe(probe.exec.command ?? [], target, timeoutMs);
  if (probe.httpGet) {
    // Before the request: a port without a number is no failure of the container.
    resolvePort(probe.httpGet.port, container);
    return httpGet(probe.httpGet, container, podIP, timeoutMs, "probe").then(httpOutcome, cause =>
      verdict((cause as Error).message),
    );
  }
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, container);
    return verdict(await tcpConnect(probe.tcpSocket.host || podIP, port, timeoutMs));
  }
  if (probe.grpc)
    return verdict(await grpcCheck(podIP, probe.grpc.port, probe.grpc.service ?? "", timeoutMs));
  throw new Error(`missing probe handler for container ${container.name}`);
}

async function execProbe(
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { code, output, timedOut } = await target.exec(command, timeoutMs);
  if (timedOut) {
    const what = `command timed out: "${command.join(" ")}" timed out after ${timeoutMs / 1000}s`;
    return { result: "failure", output: what };
  }
  return { result: code === 0 ? "success" : "failure", output };
}

function httpOutcome({ status, body }: { status: number; body: string }): ProbeOutcome {
  if (status >= 200 && status < 300) return { result: "success", output: body };
  if (status >= 300 && status < 400) {
    return { result: "warning", output: `Probe terminated redirects, Response body: ${body}` };
  }
  return { result: "failure", output: `HTTP probe failed with statuscode: ${status}` };
}
