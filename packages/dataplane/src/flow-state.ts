/**
 * The state of a flow of any protocol and the idle time that it allows. TCP has its own table; the others need
 * little: UDP, ICMP and unknown protocols know whether both directions were seen, SCTP follows its chunks
 * (RFC 9260 §3.3: the first chunk of a packet tells what it does to the association).
 */

import { Protocol, sctp, tcp } from "@podwire/wire";
import { timeouts } from "./limits.ts";
import { tcpFirst, tcpNext, tcpReopens, tcpTimeouts } from "./tcp-state.ts";

const OneWay = 0;
const BothWays = 1;

const SctpState = { setup: 0, established: 1, shutdown: 2 } as const;

/** The state of a flow that begins with this packet; `flags` as in Packet. */
export function firstState(protocol: number, flags: number): number {
  if (protocol === Protocol.Tcp) return tcpFirst(flags);
  if (protocol === Protocol.Sctp) return sctpNext(SctpState.setup, flags);
  return OneWay;
}

/** The state after one more packet; `direction` 0 is the originator's. */
export function nextState(protocol: number, state: number, flags: number, direction: number): number {
  if (protocol === Protocol.Tcp) return tcpNext(state, flags, direction);
  if (protocol === Protocol.Sctp) return sctpNext(state, flags);
  return direction === 1 ? BothWays : state;
}

/** The packet starts a new flow although the table has one with its tuple, which is over. */
export function reopens(protocol: number, state: number, flags: number): boolean {
  if (protocol === Protocol.Tcp) return tcpReopens(state, flags);
  return protocol === Protocol.Sctp && state === SctpState.shutdown && flags === sctp.Chunk.Init;
}

/** The packet asks for a new connection. */
export function opens(protocol: number, flags: number): boolean {
  if (protocol === Protocol.Tcp) return (flags & (tcp.SYN | tcp.ACK)) === tcp.SYN;
  return protocol === Protocol.Sctp && flags === sctp.Chunk.Init;
}

export function idleTimeoutMs(protocol: number, state: number): number {
  switch (protocol) {
    case Protocol.Tcp:
      return tcpTimeouts[state]!;
    case Protocol.Udp:
      return state === BothWays ? timeouts.udpStreamMs : timeouts.udpMs;
    case Protocol.Icmp:
    case Protocol.Icmpv6:
      return timeouts.icmpMs;
    case Protocol.Sctp:
      if (state === SctpState.established) return timeouts.sctpEstablishedMs;
      return state === SctpState.setup ? timeouts.sctpSetupMs : timeouts.sctpShutdownMs;
    default:
      return timeouts.otherMs;
  }
}

function sctpNext(state: number, chunk: number): number {
  switch (chunk) {
    case sctp.Chunk.Data:
    case sctp.Chunk.Sack:
    case sctp.Chunk.Heartbeat:
    case sctp.Chunk.HeartbeatAck:
    case sctp.Chunk.CookieEcho:
      return SctpState.established;
    case sctp.Chunk.Abort:
    case sctp.Chunk.ShutdownComplete:
      return SctpState.shutdown;
    default:
      return state;
  }
}
