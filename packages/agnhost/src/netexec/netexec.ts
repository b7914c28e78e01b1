/**
 * `agnhost netexec`: an HTTP(S) and a UDP server with many small questions to ask of them: which host, seen from
 * which address, can it reach a third one. Endpoints in routes.ts, UDP commands in udp.ts.
 */

import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { isIP, type Server } from "node:net";
import { parseFlags } from "../flags.ts";
import { fatal, log } from "../go.ts";
import { listenTcp } from "../listen.ts";
import { type NetexecState, route } from "./routes.ts";
import { serveUdp } from "./udp.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const { flags } = parseFlags(argv, {
    "http-port": "int",
    "udp-port": "int",
    "sctp-port": "int",
    "tls-cert-file": "string",
    "tls-private-key-file": "string",
    "http-override": "string",
    "udp-listen-addresses": "string",
    "delay-shutdown": "int",
  });
  const state: NetexecState = { ready: false, terminating: false, exit: shutDown };
  endOnSigterm(state, flags["delay-shutdown"] ?? 0);
  // A Go program without an SCTP socket ends here as well.
  if ((flags["sctp-port"] ?? -1) !== -1) {
    fatal(
      `Error occurred: failed to create listener for SCTP address :${flags["sctp-port"]}:protocol not supported`,
    );
  }
  const server = await createHttpServer(flags, route(state, flags["http-override"] ?? ""));
  const port = flags["http-port"] ?? 8080;
  log(`Started HTTP server on port ${port}`);
  const udpPort = flags["udp-port"] ?? 8081;
  await Promise.all([
    listenTcp(server, port).catch((cause: Error) => fatal(cause.message)),
    ...(udpPort === -1 ? [] : udpAddresses(flags["udp-listen-addresses"] ?? "")).map(address =>
      serveUdp(address, udpPort, state),
    ),
  ]);

  /** Stops listening, waits for open requests at most so long, and ends. */
  function shutDown(exitCode: number, timeoutMs: number): void {
    if (timeoutMs <= 0) process.exit(exitCode);
    const end = (result: string): never => {
      log(`Graceful shutdown completed with: ${result}`);
      process.exit(exitCode);
    };
    setTimeout(() => end("context deadline exceeded"), timeoutMs);
    server.close(() => end("<nil>"));
    server.closeIdleConnections();
  }
}

async function createHttpServer(
  flags: { "tls-cert-file"?: string; "tls-private-key-file"?: string },
  listener: RequestListener,
): Promise<Server & { closeIdleConnections(): void }> {
  const certFile = flags["tls-cert-file"] ?? "";
  if (certFile === "") return createServer(listener);
  const { createServer: createTlsServer } = await import("node:https");
  try {
    const key = readFileSync(flags["tls-private-key-file"] ?? "");
    return createTlsServer({ cert: readFileSync(certFile), key }, listener);
  } catch (cause) {
    return fatal((cause as Error).message);
  }
}

function endOnSigterm(state: NetexecState, delaySeconds: number): void {
  process.once("SIGTERM", () => {
    state.terminating = true;
    if (delaySeconds <= 0) process.exit(0);
    log(`Sleeping ${delaySeconds} seconds before terminating...`);
    setTimeout(() => process.exit(0), delaySeconds * 1000);
  });
}

function udpAddresses(list: string): string[] {
  if (list === "") return [""];
  const addresses = [...new Set(list.split(","))].sort();
  const bad = addresses.find(address => isIP(address) === 0);
  return bad === undefined ? addresses : fatal(`parseAddress: invalid address ${bad}`);
}
