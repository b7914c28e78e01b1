/**
 * One HTTPS exchange with the API server. Whatever goes wrong is an ApiError: the server's own Status, or
 * ServiceUnavailable that says where the server was looked for.
 */
import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { ApiError, requestEntityTooLarge, type Status, serviceUnavailable } from "@podwire/api";
import { LIMITS } from "../limits.ts";

/** PEM, under the names that node's TLS has for them. */
export interface ClientTls {
  /** The authority that the server must have its certificate from. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface ApiServer {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly tls: ClientTls;
}

export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export class Http {
  readonly #target: RequestOptions;
  readonly #where: string;
  readonly #agent: Agent;
  readonly #tls: ClientTls;

  constructor({ url, tls }: ApiServer) {
    const { protocol, hostname, port, host } = new URL(url);
    if (protocol !== "https:") throw new Error(`${url}: only https:// addresses are spoken to`);
    this.#target = { host: hostname.replace(/^\[|\]$/g, ""), port };
    this.#where = host;
    this.#tls = tls;
    this.#agent = new Agent({ ...tls, keepAlive: true });
  }

  /** The address of a path, and the options with it, as the package `ws` takes them. */
  webSocket(path: string): { readonly url: string; readonly options: ClientTls } {
    return { url: `wss://${this.#where}${path}`, options: this.#tls };
  }

  /** The parsed body. Throws an ApiError for any status but 2xx. */
  async json<T>(exchange: Exchange): Promise<T> {
    const text = await this.#text(await this.open(exchange));
    return JSON.parse(text) as T;
  }

  /** A reply whose body is read as it comes. Throws an ApiError for any status but 2xx. */
  async open(exchange: Exchange): Promise<IncomingMessage> {
    const response = await this.#send(exchange);
    const code = response.statusCode ?? 0;
    if (code >= 200 && code < 300) return response;
    throw statusError(code, await this.#text(response));
  }

  /** Lets the process end: idle connections are closed. */
  close(): void {
    this.#agent.destroy();
  }

  #send({ method, path, body, contentType, signal }: Exchange): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: "application/json",
      "user-agent": "podwire",
      ...(payload && { "content-type": contentType ?? "application/json", "content-length": payload.length }),
    };
    return new Promise((resolve, reject) => {
      const options = {
        ...this.#target,
        method,
        path,
        headers,
        agent: this.#agent,
        ...(signal && { signal }),
      };
      const outgoing = request(options, resolve);
      outgoing.on("error", error => reject(this.#unreachable(error)));
      outgoing.end(payload);
    });
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > LIMITS.responseBytes) throw requestEntityTooLarge(LIMITS.responseBytes);
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof ApiError ? error : this.#unreachable(error as Error);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #unreachable(error: Error & { code?: string }): ApiError {
    const why = error.code ?? error.message;
    if (/CERT|ISSUER|SIGNATURE|ERR_SSL/.test(why)) {
      return serviceUnavailable(
        `what answers at ${this.#where} does not prove to be the lab's API server (${why}); has another program taken its port?`,
      );
    }
    return serviceUnavailable(`the API server at ${this.#where} cannot be reached (${why}); is the lab up?`);
  }
}

function statusError(code: number, text: string): ApiError {
  try {
    const status = JSON.parse(text) as Partial<Status>;
    if (status.kind === "Status") return fromStatus(status, code);
  } catch {
    // Not from the API server's own hand; told as it is.
  }
  return new ApiError(code, "Unknown", `the server answered ${code}: ${text.slice(0, 200)}`);
}

/** A Status, from a reply or from the ERROR event of a watch. */
export function fromStatus(status: Partial<Status>, code = 500): ApiError {
  const { reason = "Unknown", message = "the server gave no message", details } = status;
  return new ApiError(status.code ?? code, reason, message, details);
}
