/**
 * The health of the service proxy as kube-proxy tells it, on its port 10256: /healthz and /livez. Cloud load balancers ask
 * here whether a node takes traffic of Services with externalTrafficPolicy Cluster.
 */
import { createServer, type Server } from "node:http";
import { PROXY_HEALTH_PORT } from "../limits.ts";

/** A port that is taken is no reason for a node not to run: it is logged. Closes with the daemon. */
export function serveProxyHealth(log: (line: string) => void): Server {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/healthz" && path !== "/livez") {
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("404 page not found\n");
      return;
    }
    const now = new Date().toISOString();
    const body = {
      lastUpdated: now,
      currentTime: now,
      ...(path === "/healthz" && { nodeEligible: true }),
      healthy: true,
    };
    response.writeHead(200, { "Content-Type": "application/json", "X-Content-Type-Options": "nosniff" });
    response.end(JSON.stringify(body));
  });
  server.on("error", error =>
    log(`port ${PROXY_HEALTH_PORT} (health of the service proxy): ${error.message}`),
  );
  return server.listen(PROXY_HEALTH_PORT);
}
