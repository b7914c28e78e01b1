/**
 * How `probe` asks and `probe-serve` answers: a line or datagram `<number>` is answered with
 * `<number> <source address>`, the address that the server saw it come from.
 */

/** The line that `probe-serve` prints. */
export interface ProbeServer {
  tcpPort: number;
  udpPort: number;
}

/** A line that `probe` reads. */
export interface ProbeTarget {
  id: string | number;
  host: string;
  port: number;
  protocol: "tcp" | "udp";
}

/** A line that `probe` prints, one for each target, in the order in which they are done. */
export interface ProbeResult {
  id: string | number;
  ok: boolean;
  /** Best of a few exchanges after a first one that warmed the path up. */
  rttMicroseconds?: number;
  sourceSeen?: string;
  /** TIMEOUT, REFUSED, or OTHER with the reason. */
  error?: string;
}

/** IPv4 as IPv4, although the socket is one for both families. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
