/** Headers of a proxied exchange: what goes on, what is between neighbours only (RFC 9110 §7.6.1), what is added. */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Without those between neighbours, and without the pseudo-headers of HTTP/2. */
export function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? "").split(",").map(each => each.trim().toLowerCase());
  const kept = Object.entries(headers).filter(([name, value]) => {
    return (
      value !== undefined && !name.startsWith(":") && !HOP_BY_HOP.includes(name) && !named.includes(name)
    );
  });
  return Object.fromEntries(kept);
}

/** What the backend is told. The client's own credentials are for the API server alone. */
export function requestHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const { authorization: _, ...headers } = endToEnd(request.headers);
  const before = request.headers["x-forwarded-for"];
  const client = request.socket.remoteAddress ?? "";
  return {
    ...headers,
    host: request.headers.host ?? (request.headers[":authority"] as string | undefined),
    "x-forwarded-for": before === undefined ? client : `${before}, ${client}`,
  };
}

/**
 * A redirect to the backend itself goes through the proxy again. `prefix` is the path up to `/proxy`; redirects to
 * other hosts, and relative ones, stay as they are.
 */
export function rewriteLocation(location: string, prefix: string, hosts: readonly string[]): string {
  const url = parseUrl(location);
  if (url === undefined || !(url.host === NOWHERE || hosts.includes(url.host))) return location;
  const isRelative = url.host === NOWHERE && !location.startsWith("/");
  if (isRelative || url.pathname.startsWith(`${prefix}/`)) return location;
  return prefix + url.pathname + url.search + url.hash;
}

const NOWHERE = "nowhere.invalid";

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text, `http://${NOWHERE}`);
  } catch {
    return undefined;
  }
}
