/**
 * One HTTP exchange with the API server. Whatever goes wrong is an ApiError: the server's own Status, or
 * ServiceUnavailable that says where the server was looked for.
 */
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { ApiError, requestEntityTooLarge, type Status, serviceUnavailable } from "@podwire/api";
import { LIMITS } from "../limits.ts";

/** `http://127.0.0.1:8080` or the path of a unix socket. */
export type ApiServer = { readonly url: string } | { readonly socketPath: string };

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
  readonly #agent = new Agent({ keepAlive: true });

  constructor(server: ApiServer) {
    if ("socketPath" in server) {
      this.#target = { socketPath: server.socketPath, host: "localhost" };
      this.#where = server.socketPath;
      return;
    }
    const { protocol, hostname, port, host } = new URL(server.url);
    if (protocol !== "http:") throw new Error(`${server.url}: only http:// addresses are spoken to`);
    this.#target = { host: hostname.replace(/^\[|\]$/g, ""), port };
    this.#where = host;
  }

  /** `ws://…` or `ws+unix:…` of a path, as the package `ws` takes it. */
  webSocketUrl(path: string): string {
    return this.#target.socketPath
      ? `ws+unix:${this.#target.socketPath}:${path}`
      : `ws://${this.#where}${path}`;
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
