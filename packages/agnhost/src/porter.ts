/**
 * `agnhost porter`: for every environment variable SERVE_PORT_n (or SERVE_TCP_PORT_n), SERVE_TLS_PORT_n and
 * SERVE_UDP_PORT_n, answers whatever arrives at port n with the variable's value.
 */

import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { Server } from "node:net";
import { parseFlags } from "./flags.ts";
import { fatal, log } from "./go.ts";
import { listenTcp, listenUdp } from "./listen.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const json = parseFlags(argv, { "json-response": "bool" }).flags["json-response"] ?? false;
  // Upstream never ends by itself, even when it serves nothing.
  setInterval(() => {}, 2 ** 31 - 1);
  for (const [name, value = ""] of Object.entries(process.env)) {
    const match = /^SERVE_(?:(TCP|UDP|TLS|SCTP)_)?PORT_(.*)$/.exec(name);
    if (!match) continue;
    const port = Number(match[2]);
    const kind = match[1] ?? "TCP";
    if (kind === "TCP") void serve(createHttpServer(answer(value, json)), port, "server");
    if (kind === "TLS") void serveTls(value, json, port);
    if (kind === "UDP") await serveUdp(port, value);
    if (kind === "SCTP") fatal("Failed to listen SCTP. error:protocol not supported");
  }
}

function answer(value: string, json: boolean): RequestListener {
  return (request, response) => {
    if (json) response.setHeader("Content-Type", "application/json");
    else response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(json ? JSON.stringify({ Method: request.method, Body: value }) : value);
  };
}

/** A port that cannot be served is reported; the others go on. */
async function serve(server: Server, port: number, what: string): Promise<void> {
  try {
    await listenTcp(server, port);
  } catch (cause) {
    log(`${what} on port "${port}" failed: ${(cause as Error).message}`);
  }
}

async function serveTls(value: string, json: boolean, port: number): Promise<void> {
  const certFile = process.env.CERT_FILE || "localhost.crt";
  const keyFile = process.env.KEY_FILE || "localhost.key";
  const what = `tls server on port "${port}" with certFile="${certFile}", keyFile="${keyFile}"`;
  try {
    const { createServer } = await import("node:https");
    const options = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    await listenTcp(createServer(options, answer(value, json)), port);
  } catch (cause) {
    log(`${what} failed: ${(cause as Error).message}`);
  }
}

async function serveUdp(port: number, value: string): Promise<void> {
  try {
    const socket = await listenUdp("", port);
    socket.on("message", (_, peer) => socket.send(value, peer.port, peer.address));
    log(`Started UDP server on port ${port}`);
  } catch (cause) {
    fatal(`UDP: failed to listen on port ${port}: ${(cause as Error).message}`);
  }
}
