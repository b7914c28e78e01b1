/** The httpGet action of probes and hooks, as pkg/probe/http upstream: one request, redirects on the same host followed. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Container, HTTPGetAction } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import { resolvePort } from "./port.ts";

export interface HttpAnswer {
  status: number;
  body: string;
}

const MAX_REDIRECTS = 10;

/** Who asks, as the User-Agent says. */
export type HttpPurpose = "probe" | "lifecycle";

/** Rejects with what Go's client would say, at the latest after the timeout; 0 waits for ever. */
export async function httpGet(
  action: HTTPGetAction,
  container: Container,
  podIP: string,
  timeoutMs: number,
  purpose: HttpPurpose,
): Promise<HttpAnswer> {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const host = action.host || podIP;
  const port = resolvePort(action.port, container);
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const path = action.path ?? "/";
  const first = new URL(`${scheme}://${authority}${path.startsWith("/") ? "" : "/"}${path}`);
  const headers = probeHeaders(action, purpose);
  const aborted = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(url, headers, aborted, first);
    const location = isRedirect(answer.status) ? answer.location : undefined;
    const next = location === undefined ? undefined : new URL(location, url);
    if (!next || next.hostname !== first.hostname) return answer;
    if (redirects + 1 >= MAX_REDIRECTS) {
      throw new Error(`Get "${next}": stopped after ${MAX_REDIRECTS} redirects`);
    }
    url = next;
  }
}

function probeHeaders(action: HTTPGetAction, purpose: HttpPurpose): Record<string, string | string[]> {
  const headers = new Map<string, { name: string; values: string[] }>();
  for (const { name, value = "" } of action.httpHeaders ?? []) {
    const known = headers.get(name.toLowerCase());
    if (known) known.values.push(value);
    else headers.set(name.toLowerCase(), { name, values: [value] });
  }
  const set = (name: string, value: string): void => {
    if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), { name, values: [value] });
  };
  set("User-Agent", `kube-${purpose}/1.34`);
  set("Accept", "*/*");
  // Named and empty: left out.
  if (headers.get("accept")!.values[0] === "") headers.delete("accept");
  const entries = [...headers.values()].map(({ name, values }): [string, string | string[]] => [
    name,
    values.length === 1 || name.toLowerCase() === "host" ? values[0]! : values,
  ]);
  return Object.fromEntries(entries);
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function ask(
  url: URL,
  headers: Record<string, string | string[]>,
  aborted: AbortSignal | undefined,
  first: URL,
): Promise<HttpAnswer & { location: string | undefined }> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void =>
      reject(new Error(`Get "${first}": ${aborted?.aborted ? TIMEOUT : goMessage(cause, url)}`));
    const options = {
      headers,
      // A connection of its own for each probe, as the kubelet's: one that is kept proves nothing.
      agent: false as const,
      // Whose certificate it is does not matter to a probe.
      rejectUnauthorized: false,
      ...(aborted && { signal: aborted }),
    };
    const sent = send(url, options, response => {
      readBody(response).then(
        body => resolve({ status: response.statusCode!, body, location: response.headers.location }),
        fail,
      );
    });
    sent.once("error", fail);
    sent.end();
  });
}

const TIMEOUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

/** What of the body an event may show; the rest is not read. */
async function readBody(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes >= LIMITS.probeOutputBytes) break;
  }
  return Buffer.concat(parts).subarray(0, LIMITS.probeOutputBytes).toString();
}

/** A failed connection in the words of Go's net package. */
export function dialError(cause: NodeJS.ErrnoException, address: string): string {
  const reasons: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
  };
  const reason = reasons[cause.code ?? ""];
  return reason ? `dial tcp ${address}: ${reason}` : cause.message;
}

function goMessage(cause: NodeJS.ErrnoException, url: URL): string {
  if (cause.code === "ECONNRESET")
    return cause.message.includes("hang up") ? "EOF" : "read: connection reset by peer";
  return dialError(cause, url.port ? url.host : `${url.host}:${url.protocol === "https:" ? 443 : 80}`);
}
