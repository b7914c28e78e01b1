/** GET: one object, or a list at the revision the client asks for. */

import { type NamedExchange, type ObjectExchange, shownTo } from "./exchange.ts";
import { waitForRevision } from "./freshness.ts";
import { checkListOptions, type ReadOptions, readListOptions } from "./query.ts";
import { sendJson, sendPieces } from "./respond.ts";
import { showList, showObject } from "./views.ts";

export async function getObject(exchange: NamedExchange): Promise<void> {
  const { services, target, response, query } = exchange;
  const shown = shownTo(exchange);
  const { resourceVersion } = readListOptions(query, target.namespace);
  await waitForRevision(services.registry, resourceVersion);
  const stored = await services.objects.get(target.kind, target);
  sendJson(response, 200, showObject(shown, stored));
}

export async function listObjects(exchange: ObjectExchange): Promise<void> {
  const { services, target, response, query } = exchange;
  const shown = shownTo(exchange);
  const options = readListOptions(query, target.namespace);
  checkListOptions(options);
  await waitForRevision(services.registry, options.resourceVersion);
  const atRevision = exactRevision(options);
  const result = await services.objects.list(target.kind, { ...options, atRevision });
  await sendPieces(exchange.request, response, showList(shown, result));
}

/** Undefined: the newest state will do, being no older than what was asked for. */
function exactRevision(options: ReadOptions): number | undefined {
  const { resourceVersion, resourceVersionMatch, limit } = options;
  // Of old, a limit with a resourceVersion means exactly that one.
  const isExact =
    resourceVersionMatch === "Exact" || (resourceVersionMatch === undefined && limit !== undefined);
  return isExact && resourceVersion ? resourceVersion : undefined;
}
