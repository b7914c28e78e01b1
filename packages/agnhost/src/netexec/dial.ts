/**
 * netexec's /dial: asks a third party on the caller's behalf, over HTTP or UDP, some number of times, and
 * returns what it heard: `{"responses": [...], "errors": [...]}`. How tests ask "can that pod reach this one?".
 */
import { createSocket } from "node:dgram";
import type { ServerResponse } from "node:http";
import { get } from "node:http";
import { goError, joinHostPort, log, marshal } from "../go.ts";
import { LIMITS } from "../limits.ts";
import { type Resolved, resolveAddress } from "../resolve.ts";
import { httpError, text } from "./respond.ts";

export async function dial(query: URLSearchParams, response: ServerResponse): Promise<void> {
  const value = (name: string): string => query.get(name) ?? "";
  const [host, port, request, protocol, triesText] = ["host", "port", "request", "protocol", "tries"].map(
    value,
  );
  log(`GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${triesText}`);
  const tries = triesText === "" ? 1 : Number(triesText);
  if (!/^[+-]?\d*$/.test(triesText!)) {
    const why = `strconv.Atoi: parsing "${triesText}": invalid syntax`;
    return httpError(response, 400, `tries parameter is invalid. ${why}`);
  }
  if (tries > LIMITS.dialTries) {
    return httpError(response, 400, `tries parameter is invalid. at most ${LIMITS.dialTries} are allowed`);
  }
  if (request === "") return httpError(response, 400, "request parameter not specified. <nil>");
  const kind = protocol!.toLowerCase() || "http";
  if (kind !== "http" && kind !== "udp" && kind !== "sctp") {
    return httpError(response, 400, `unsupported protocol. ${protocol}`);
  }
  let target: Resolved;
  try {
    target = await resolveAddress(host!, port!, kind === "http" ? "tcp" : kind);
  } catch (cause) {
    return httpError(response, 400, `host and/or port param are invalid. ${(cause as Error).message}`);
  }
  text(response, 200, marshal(await ask(kind, target, request!, tries)));
}

async function ask(
  kind: "http" | "udp" | "sctp",
  target: Resolved,
  request: string,
  tries: number,
): Promise<Record<string, string[]>> {
  const responses: string[] = [];
  const errors: string[] = [];
  let last = "";
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      last = kind === "http" ? await dialHttp(target, request) : await dialDatagram(kind, target, request);
      responses.push(last);
    } catch (cause) {
      last = "";
      errors.push((cause as Error).message);
    }
  }
  // As upstream: the responses are told only when the last one was one.
  return { ...(last !== "" && { responses }), ...(errors.length > 0 && { errors }) };
}

async function dialHttp(target: Resolved, request: string): Promise<string> {
  const where = joinHostPort(target.address, target.port);
  const first = `http://${where}/${request}`;
  const deadline = AbortSignal.timeout(LIMITS.dialTimeoutMs);
  let url = first;
  for (let redirects = 0; redirects <= LIMITS.dialRedirects; redirects++) {
    const answer = await getOnce(url, deadline).catch((cause: NodeJS.ErrnoException) => {
      throw new Error(`Get "${url}": ${httpFailure(cause, where)}`);
    });
    if (answer.location === undefined) return answer.body;
    url = new URL(answer.location, url).href;
  }
  throw new Error(`Get "${url}": stopped after ${LIMITS.dialRedirects} redirects`);
}

function getOnce(url: string, signal: AbortSignal): Promise<{ body: string; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal }, response => {
      const { statusCode = 0, headers } = response;
      const redirected = [301, 302, 303, 307, 308].includes(statusCode);
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > LIMITS.dialBodyBytes) request.destroy(new Error("the response is too large"));
        parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          body: Buffer.concat(parts).toString(),
          location: redirected ? headers.location : undefined,
        });
      });
    });
    request.on("error", reject);
  });
}

function httpFailure(cause: NodeJS.ErrnoException, where: string): string {
  if (cause.name === "AbortError" || cause.name === "TimeoutError") {
    return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  if (cause.syscall === "connect") return `dial tcp ${where}: connect: ${goError(cause.code, cause.message)}`;
  return goError(cause.code, cause.message);
}

function dialDatagram(kind: "udp" | "sctp", target: Resolved, request: string): Promise<string> {
  if (kind === "sctp") return Promise.reject(new Error("sctp dial failed. err:protocol not supported"));
  return new Promise((resolve, reject) => {
    const socket = createSocket(target.family === 6 ? "udp6" : "udp4");
    const where = joinHostPort(target.address, target.port);
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const fail = (message: string): void => done(() => reject(new Error(message)));
    const reading = (why: string): string =>
      `reading from udp connection failed. err:'read udp ${where}: ${why}'`;
    const timer = setTimeout(() => fail(reading("i/o timeout")), LIMITS.dialTimeoutMs);
    socket.once("error", (cause: NodeJS.ErrnoException) => fail(reading(goError(cause.code, cause.message))));
    socket.once("message", bytes => done(() => resolve(bytes.toString())));
    socket.connect(target.port, target.address, (cause?: Error) => {
      if (cause) return fail(`udp dial failed. err:${cause.message}`);
      socket.send(request, error => error && fail(`udp connection write failed. err:${error.message}`));
    });
  });
}
