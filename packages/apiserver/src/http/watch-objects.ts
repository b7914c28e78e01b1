/**
 * Watches: a stream of events, one JSON object a line, until the client goes, the time is up, or the watcher has
 * fallen so far behind that its place in history is gone (an ERROR event with a 410 Status says so).
 *
 *   resourceVersion unset or 0   what there is now, as ADDED, then changes
 *   resourceVersion N            changes after N; 410 when those are no longer kept
 *   sendInitialEvents=true       what there is, a bookmark that says "that was all of it", then changes
 */
import { randomInt } from "node:crypto";
import { WATCH_SECONDS_BOUND, WATCH_SECONDS_LEAST, WATCH_SECONDS_MOST } from "../limits.ts";
import type { ListResult, Watch } from "../registry/registry.ts";
import { type ObjectExchange, shownTo } from "./exchange.ts";
import { waitForRevision } from "./freshness.ts";
import { type ReadOptions, readListOptions, readWatchParameters, type WatchParameters } from "./query.ts";
import { JSON_CONTENT } from "./respond.ts";
import { WatchStream } from "./watch-stream.ts";

export async function watchObjects(exchange: ObjectExchange): Promise<void> {
  const { services, target, response, query } = exchange;
  const shown = shownTo(exchange);
  const options = readListOptions(query, target.namespace);
  const parameters = readWatchParameters(query, options);
  await waitForRevision(services.registry, options.resourceVersion);
  const { initial, watch } = await start(exchange, options, parameters);
  const seconds = parameters.timeoutSeconds ?? randomInt(WATCH_SECONDS_LEAST, WATCH_SECONDS_MOST);
  const endsInMs = Math.min(seconds, WATCH_SECONDS_BOUND) * 1_000;
  const timer = setTimeout(() => watch.close(), endsInMs);
  response.once("close", () => watch.close());
  response.writeHead(200, { "content-type": JSON_CONTENT });
  response.flushHeaders();
  try {
    const stream = new WatchStream(response, shown, watch, parameters.allowWatchBookmarks);
    if (initial !== undefined) await stream.sendInitial(initial, parameters.sendInitialEvents === true);
    await stream.run(endsInMs);
  } finally {
    clearTimeout(timer);
    watch.close();
  }
  response.end();
}

interface Start {
  readonly initial: ListResult<never> | undefined;
  readonly watch: Watch;
}

async function start(
  { services, target }: ObjectExchange,
  options: ReadOptions,
  { sendInitialEvents }: WatchParameters,
): Promise<Start> {
  const { objects } = services;
  const { resourceVersion = 0 } = options;
  const { namespace, labels, fields } = options;
  const watchFrom = (afterRevision: number) =>
    objects.watch(target.kind, { namespace, labels, fields, afterRevision });
  if (sendInitialEvents ?? resourceVersion === 0) {
    const initial = await objects.list(target.kind, { namespace, labels, fields });
    return { initial: initial as Start["initial"], watch: watchFrom(initial.revision) };
  }
  return { initial: undefined, watch: watchFrom(resourceVersion || objects.revision) };
}
