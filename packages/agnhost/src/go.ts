/** What Go's standard library prints and reads, as far as programs that parse agnhost's output rely on it. */

import { writeSync } from "node:fs";

const UNITS_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** time.ParseDuration, in milliseconds; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (!match) return /^[+-]?0$/.test(text) ? 0 : undefined;
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(value) * UNITS_MS[unit!]!;
  }
  return match[1] === "-" ? -sum : sum;
}

/** log.Printf: to stderr, with the local date and time; one newline at the end, whatever the message has. */
export function log(message: string): void {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}/${two(now.getMonth() + 1)}/${two(now.getDate())}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  writeStderr(`${date} ${time} ${message.trimEnd()}\n`);
}

/** Without process.stderr, whose first use costs some 5 ms of a start. */
function writeStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch (cause) {
    // Another process may have made the pipe non-blocking; a stderr that is gone is nobody's loss.
    if ((cause as NodeJS.ErrnoException).code === "EAGAIN") process.stderr.write(line);
  }
}

/** log.Fatal: exit code 1. */
export function fatal(message: string): never {
  log(message);
  process.exit(1);
}

/** time.Now().String(), in UTC. */
export function nowString(): string {
  const [date, time] = new Date().toISOString().slice(0, -1).split("T");
  return `${date} ${time}000000 +0000 UTC m=+${process.uptime().toFixed(9)}`;
}

/** net.SplitHostPort; the error's text is Go's. */
export function splitHostPort(address: string): { host: string; port: string } {
  const fail = (why: string): never => {
    throw new Error(`address ${address}: ${why}`);
  };
  if (address.startsWith("[")) {
    const match = /^\[([^\]]*)\](?::(.*))?$/.exec(address);
    if (!match) return fail("missing ']' in address");
    return match[2] === undefined ? fail("missing port in address") : { host: match[1]!, port: match[2] };
  }
  const colon = address.lastIndexOf(":");
  if (colon < 0) return fail("missing port in address");
  const host = address.slice(0, colon);
  return host.includes(":") ? fail("too many colons in address") : { host, port: address.slice(colon + 1) };
}

/** net.JoinHostPort; an IPv4 address that came in over an IPv6 socket is shown as IPv4, as Go shows it. */
export function joinHostPort(host: string, port: number | string): string {
  const plain = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** json.Marshal of a map: sorted keys, and <, > and & escaped. */
export function marshal(map: Record<string, unknown>): string {
  const sorted = Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(sorted).replace(/[<>&\u2028\u2029]/g, escaped);
}

/** How Go's net package names the errors that tests look for. */
export function goError(code: string | undefined, message: string): string {
  const names: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset by peer",
    EHOSTUNREACH: "no route to host",
    ENETUNREACH: "network is unreachable",
    ETIMEDOUT: "connection timed out",
    EPERM: "operation not permitted",
    EACCES: "permission denied",
    EINVAL: "invalid argument",
    EADDRNOTAVAIL: "cannot assign requested address",
    EAFNOSUPPORT: "address family not supported by protocol",
    EMSGSIZE: "message too long",
  };
  return (code !== undefined && names[code]) || message;
}
