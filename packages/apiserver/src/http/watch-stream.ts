/**
 * The lines of one watch. The next events are asked for only when the client has taken those before, so nothing
 * gathers here for a slow one: it falls behind in the store's history, and is cut when that has moved on.
 */
import type { ServerResponse } from "node:http";
import { apiVersionOf, type KubernetesObject } from "@podwire/api";
import { BOOKMARK_BEFORE_END_MS, BOOKMARK_INTERVAL_MS } from "../limits.ts";
import type { ListResult, Stored, Watch } from "../registry/registry.ts";
import { toApiError } from "../registry/store-errors.ts";
import { ChunkWriter } from "./respond.ts";
import { type Shown, showObject } from "./views.ts";

type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

const opening = (type: EventType) => Buffer.from(`{"type":"${type}","object":`);
const OPENINGS: Record<EventType, Buffer> = {
  ADDED: opening("ADDED"),
  MODIFIED: opening("MODIFIED"),
  DELETED: opening("DELETED"),
  BOOKMARK: opening("BOOKMARK"),
  ERROR: opening("ERROR"),
};
const CLOSING = Buffer.from("}\n");

const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

export class WatchStream {
  readonly #writer: ChunkWriter;
  readonly #shown: Shown;
  readonly #watch: Watch;
  readonly #wantsBookmarks: boolean;
  /** Everything up to the watch's position has been written. */
  #isIdle = false;
  #bookmarked = 0;
  #hasColumns = false;

  constructor(response: ServerResponse, shown: Shown, watch: Watch, wantsBookmarks: boolean) {
    this.#writer = new ChunkWriter(response);
    this.#shown = shown;
    this.#watch = watch;
    this.#wantsBookmarks = wantsBookmarks;
  }

  async sendInitial({ items, revision }: ListResult<KubernetesObject>, saysEnd: boolean): Promise<void> {
    for (const item of items) await this.#send("ADDED", item);
    if (saysEnd) await this.#line("BOOKMARK", this.#bookmark(revision, INITIAL_EVENTS_END));
    await this.#writer.flush();
  }

  /** Until the watch is closed, which is to be in about `endsInMs`. */
  async run(endsInMs: number): Promise<void> {
    const stopBookmarks = this.#startBookmarks(endsInMs);
    try {
      for (;;) {
        this.#isIdle = true;
        const events = await this.#watch.next();
        this.#isIdle = false;
        if (events === undefined) return;
        for (const { type, stored } of events) await this.#send(type, stored);
        await this.#writer.flush();
      }
    } catch (error) {
      await this.#line("ERROR", Buffer.from(JSON.stringify(toApiError(error).status)));
      await this.#writer.flush();
    } finally {
      stopBookmarks();
    }
  }

  /** The last one comes shortly before the end: a client that begins again there has missed nothing. */
  #startBookmarks(endsInMs: number): () => void {
    if (!this.#wantsBookmarks) return () => {};
    const interval = setInterval(() => this.#bookmarkIfIdle(), BOOKMARK_INTERVAL_MS);
    const last = setTimeout(() => this.#bookmarkIfIdle(), Math.max(endsInMs - BOOKMARK_BEFORE_END_MS, 0));
    return () => {
      clearInterval(interval);
      clearTimeout(last);
    };
  }

  async #send(type: EventType, stored: Stored): Promise<void> {
    await this.#line(type, showObject(this.#shown, stored, !this.#hasColumns));
    this.#hasColumns = true;
  }

  async #line(type: EventType, object: Uint8Array): Promise<void> {
    await this.#writer.write(OPENINGS[type], object, CLOSING);
  }

  #bookmarkIfIdle(): void {
    const { position } = this.#watch;
    if (!this.#isIdle || position === this.#bookmarked) return;
    this.#bookmarked = position;
    void this.#line("BOOKMARK", this.#bookmark(position)).then(() => this.#writer.flush());
  }

  #bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    const { kind, view } = this.#shown;
    const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) };
    const named =
      view === "object"
        ? { kind: kind.kind, apiVersion: apiVersionOf(kind) }
        : { kind: view === "table" ? "Table" : "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };
    return Buffer.from(JSON.stringify({ ...named, metadata }));
  }
}
