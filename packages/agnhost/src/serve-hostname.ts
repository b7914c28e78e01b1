/** `agnhost serve-hostname`: answers with its host name over HTTP, or over raw TCP and UDP. */
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { hostname } from "node:os";
import { parseFlags } from "./flags.ts";
import { fatal, joinHostPort, log } from "./go.ts";
import { LIMITS } from "./limits.ts";
import { listenTcp, listenUdp } from "./listen.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const { flags } = parseFlags(argv, { tcp: "bool", udp: "bool", http: "bool", close: "bool", port: "int" });
  const { tcp = false, udp = false, http = true, close = false, port = 9376 } = flags;
  if (http && (tcp || udp)) fatal("Can't server TCP/UDP mode and HTTP mode at the same time");
  const failed = (cause: Error): never => fatal(`Error from net.Listen(): ${cause.message}`);
  if (tcp) await listenTcp(tcpServer(), port).catch(failed);
  if (udp) await serveUdp(port).catch(failed);
  if (http) await listenTcp(httpServer(close), port).catch(failed);
  log(`Serving on port ${port}.\n`);
  process.once("SIGTERM", () => {
    log("Shutting down after receiving signal: terminated.\n");
    log("Awaiting pod deletion.\n");
    // Upstream goes on answering until the Pod is really gone.
    setTimeout(() => process.exit(0), LIMITS.serveHostnameLingerMs);
  });
}

function tcpServer() {
  return createTcpServer(socket => {
    log(`TCP request from ${joinHostPort(socket.remoteAddress ?? "", socket.remotePort ?? 0)}`);
    socket.on("error", () => socket.destroy());
    // What the client sends is read and forgotten: unread bytes would turn the close into a reset.
    socket.resume();
    socket.end(hostname());
  });
}

async function serveUdp(port: number): Promise<void> {
  const socket = await listenUdp("", port);
  socket.on("message", (_, peer) => {
    log(`UDP request from ${joinHostPort(peer.address, peer.port)}`);
    socket.send(hostname(), peer.port, peer.address);
  });
}

function httpServer(close: boolean) {
  return createHttpServer((request, response) => {
    log(
      `HTTP request from ${joinHostPort(request.socket.remoteAddress ?? "", request.socket.remotePort ?? 0)}`,
    );
    if (close) response.setHeader("Connection", "close");
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(hostname());
  });
}
