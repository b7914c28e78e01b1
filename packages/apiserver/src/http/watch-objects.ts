/**
 * Watches: a stream of events, one JSON object a line, until the client goes, the time is up, or the watcher has
 * fallen so far behind that its place in history is gone (an ERROR event with a 410 Status says so).
 *
 *   resourceVersion unset or 0   what there is now, as ADDED, then changes
 *   resourceVersion N            changes after N; 410 when those are no longer kept
 *   sendInitialEvents=true       what there is, a bookmark that says "that was all of it", then changes
 */
import { randomInt } from "node:crypto";
import { apiVersionOf, type KubernetesObject } from "@podwire/api";
import { BOOKMARK_INTERVAL_MS, WATCH_SECONDS_LEAST, WATCH_SECONDS_MOST } from "../limits.ts";
import type { Stored, Watch, WatchEvent } from "../registry/registry.ts";
import { toApiError } from "../registry/store-errors.ts";
import { type ObjectExchange, shownTo } from "./exchange.ts";
import { waitForRevision } from "./freshness.ts";
import { type ReadOptions, readListOptions, readWatchParameters, type WatchParameters } from "./query.ts";
import { ChunkWriter, JSON_CONTENT } from "./respond.ts";
import { type Shown, showObject } from "./views.ts";

export async function watchObjects(exchange: ObjectExchange): Promise<void> {
  const { services, target, response, query } = exchange;
  const shown = shownTo(exchange);
  const options = readListOptions(query, target.namespace);
  const parameters = readWatchParameters(query, options);
  await waitForRevision(services.registry, options.resourceVersion);
  const { initial, watch } = await start(exchange, options, parameters);
  const first = initial ?? (await firstEvents(watch));
  response.writeHead(200, { "content-type": JSON_CONTENT });
  response.flushHeaders();
  const stream = new WatchStream(exchange, shown, watch, parameters);
  await stream.run(first, initial !== undefined && parameters.sendInitialEvents === true);
}
