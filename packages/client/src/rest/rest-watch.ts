/**
 * A watch over HTTP: one JSON object a line. A connection that ends is taken up again behind the last event
 * or bookmark; the reader notices nothing but, when that revision is gone, `Expired`.
 */
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, expired, isReason, type KubernetesObject, type Status } from "@podwire/api";
import type { ObjectWatch, WatchEvent } from "../api.ts";
import { LIMITS } from "../limits.ts";
import { fromStatus, type Http } from "./http.ts";

type Line<T> =
  | WatchEvent<T>
  | { readonly type: "BOOKMARK"; readonly object: KubernetesObject }
  | { readonly type: "ERROR"; readonly object: Status };

export class RestWatch<T extends KubernetesObject> implements ObjectWatch<T> {
  position: number;
  readonly #http: Http;
  readonly #path: (afterRevision: number) => string;
  readonly #closed = new AbortController();
  #lines: AsyncIterator<string> | undefined;
  #retryDelayMs: number = LIMITS.retryDelayMs.first;

  constructor(http: Http, afterRevision: number, path: (afterRevision: number) => string) {
    this.#http = http;
    this.position = afterRevision;
    this.#path = path;
  }

  async next(): Promise<readonly WatchEvent<T>[] | undefined> {
    while (!this.#closed.signal.aborted) {
      const line = await this.#nextLine();
      const event = line === undefined ? undefined : this.#take(JSON.parse(line) as Line<T>);
      if (event !== undefined) return [event];
    }
    return undefined;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Undefined when the connection ended; the next call makes another. */
  async #nextLine(): Promise<string | undefined> {
    try {
      this.#lines ??= lines(await this.#connect());
      const line = await this.#lines.next();
      if (!line.done) {
        this.#retryDelayMs = LIMITS.retryDelayMs.first;
        return line.value;
      }
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    this.#lines = undefined;
    await delay(this.#retryDelayMs, undefined, { signal: this.#closed.signal }).catch(() => undefined);
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, LIMITS.retryDelayMs.most);
    return undefined;
  }

  #connect(): Promise<IncomingMessage> {
    return this.#http.open({ method: "GET", path: this.#path(this.position), signal: this.#closed.signal });
  }

  #take(line: Line<T>): WatchEvent<T> | undefined {
    if (line.type === "ERROR") {
      const error = fromStatus(line.object);
      throw error.code === 410 ? expired(error.message) : error;
    }
    this.position = Number(line.object.metadata.resourceVersion);
    return line.type === "BOOKMARK" ? undefined : line;
  }
}

/** A server that is away, or a connection that broke; what the server itself refuses is not. */
function isTransient(error: unknown): boolean {
  return isReason(error, "ServiceUnavailable") || !(error instanceof ApiError);
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    if (rest.length > LIMITS.eventBytes)
      throw new ApiError(500, "InternalError", "a watch event is too large");
    for (const line of parts) if (line !== "") yield line;
  }
}
