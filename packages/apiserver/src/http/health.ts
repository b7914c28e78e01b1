/** /livez, /readyz, /healthz: a server that answers is alive, and it listens only once it is ready. */
import type { Query } from "./query.ts";

export const HEALTH_PATHS = ["/livez", "/readyz", "/healthz"];

/** Undefined for other paths. */
export function healthText(pathname: string, query: Query): string | undefined {
  if (!HEALTH_PATHS.includes(pathname)) return undefined;
  return query.has("verbose") ? `[+]ping ok\n[+]store ok\n${pathname.slice(1)} check passed\n` : "ok";
}
