/**
 * `agnhost connect HOST:PORT`: one connection, and what came of it. Exit code 0 when it succeeded; otherwise 1
 * and on stderr, first on the line:
 *
 *   TIMEOUT   nothing answered in time          DNS       the name did not resolve
 *   REFUSED   the port is closed                OTHER     another network error
 *   UNKNOWN   the address is not one
 */
import { createSocket } from "node:dgram";
import { connect as connectTcp } from "node:net";
import { parseFlags, UsageError } from "./flags.ts";
import { goError, joinHostPort, splitHostPort } from "./go.ts";
import { type Resolved, resolveAddress } from "./resolve.ts";

/** Undefined when it succeeded. */
export type ConnectFailure = string | undefined;

export async function main(argv: readonly string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, {
    timeout: "duration",
    protocol: "string",
    "udp-data": "string",
    "sctp-data": "string",
  });
  if (args.length !== 1) throw new UsageError(`accepts 1 arg(s), received ${args.length}`);
  const timeoutMs = flags.timeout ?? 0;
  const failure = await attempt(
    args[0]!,
    flags.protocol ?? "tcp",
    timeoutMs,
    flags["udp-data"] ?? "hostname",
  );
  if (failure !== undefined) process.stderr.write(`${failure}\n`);
  process.exit(failure === undefined ? 0 : 1);
}

async function attempt(
  destination: string,
  protocol: string,
  timeoutMs: number,
  udpData: string,
): Promise<ConnectFailure> {
  if (!["", "tcp", "udp", "sctp"].includes(protocol)) return "Unsupported protocol";
  let parts: { host: string; port: string };
  try {
    parts = splitHostPort(destination);
  } catch (cause) {
    return `${protocol === "tcp" || protocol === "" ? "UNKNOWN" : "DNS"}: ${(cause as Error).message}`;
  }
  let target: Resolved;
  try {
    target = await resolveAddress(parts.host, parts.port, protocol || "tcp");
  } catch (cause) {
    return `DNS: ${(cause as Error).message}`;
  }
  if (protocol === "udp") return overUdp(target, timeoutMs, udpData);
  // There is no way to an SCTP socket from here; upstream says the same where the kernel has none.
  if (protocol === "sctp") return "OTHER: protocol not supported";
  return overTcp(target, timeoutMs);
}

function overTcp(target: Resolved, timeoutMs: number): Promise<ConnectFailure> {
  return new Promise(resolve => {
    const socket = connectTcp({ host: target.address, port: target.port });
    const done = (failure: ConnectFailure): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = timeoutMs > 0 ? setTimeout(() => done("TIMEOUT"), timeoutMs) : undefined;
    socket.once("connect", () => done(undefined));
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ECONNREFUSED") return done("REFUSED");
      if (cause.code === "ETIMEDOUT") return done("TIMEOUT");
      const where = joinHostPort(target.address, target.port);
      done(`OTHER: dial tcp ${where}: connect: ${goError(cause.code, cause.message)}`);
    });
  });
}

function overUdp(target: Resolved, timeoutMs: number, data: string): Promise<ConnectFailure> {
  return new Promise(resolve => {
    const socket = createSocket(target.family === 6 ? "udp6" : "udp4");
    const where = joinHostPort(target.address, target.port);
    const done = (failure: ConnectFailure): void => {
      clearTimeout(timer);
      socket.close();
      resolve(failure);
    };
    const timer =
      timeoutMs > 0
        ? setTimeout(() => done(`TIMEOUT: read udp ${where}: i/o timeout`), timeoutMs)
        : undefined;
    const failed = (verb: string, cause: NodeJS.ErrnoException): void => {
      const kind = verb === "dial" ? "OTHER" : cause.code === "ECONNREFUSED" ? "REFUSED" : "UNKNOWN";
      done(`${kind}: ${verb} udp ${where}: ${goError(cause.code, cause.message)}`);
    };
    socket.once("error", cause => failed("read", cause));
    socket.once("message", bytes => {
      const empty =
        "OTHER: No data received from the server. Cannot guarantee the server received the request.";
      done(bytes.length > 0 ? undefined : empty);
    });
    socket.connect(target.port, target.address, (cause?: Error) => {
      if (cause) return failed("dial", cause);
      socket.send(`${data}\n`, error => error && failed("write", error));
    });
  });
}
