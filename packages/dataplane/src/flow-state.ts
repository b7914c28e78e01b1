/**
 * The state of a flow of any protocol and the idle time that it allows. TCP has its own table; the others need
 * little: UDP, ICMP and unknown protocols know whether both directions were seen, SCTP follows its chunks
 * (RFC 9260 §3.3: the first chunk of a packet tells what it does to the association).
 */
import { timeouts } from "./limits.ts";
import { Protocol } from "./packet.ts";
import { tcpFirst, tcpNext, tcpReopens, tcpTimeouts } from "./tcp-state.ts";

const OneWay = 0;
const BothWays = 1;

const SctpState = { setup: 0, established: 1, shutdown: 2 } as const;
const SctpChunk = {
  data: 0,
  init: 1,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  cookieEcho: 10,
  shutdownComplete: 14,
} as const;

/** The state of a flow that begins with this packet; `flags` as in Packet. */
export function firstState(protocol: number, flags: number): number {
  if (protocol === Protocol.tcp) return tcpFirst(flags);
  if (protocol === Protocol.sctp) return sctpNext(SctpState.setup, flags);
  return OneWay;
}

/** The state after one more packet; `direction` 0 is the originator's. */
export function nextState(protocol: number, state: number, flags: number, direction: number): number {
  if (protocol === Protocol.tcp) return tcpNext(state, flags, direction);
  if (protocol === Protocol.sctp) return sctpNext(state, flags);
  return direction === 1 ? BothWays : state;
}

/** The packet starts a new flow although the table has one with its tuple, which is over. */
export function reopens(protocol: number, state: number, flags: number): boolean {
  if (protocol === Protocol.tcp) return tcpReopens(state, flags);
  return protocol === Protocol.sctp && state === SctpState.shutdown && flags === SctpChunk.init;
}

export function idleTimeoutMs(protocol: number, state: number): number {
  switch (protocol) {
    case Protocol.tcp:
      return tcpTimeouts[state]!;
    case Protocol.udp:
      return state === BothWays ? timeouts.udpStreamMs : timeouts.udpMs;
    case Protocol.icmp:
    case Protocol.icmpv6:
      return timeouts.icmpMs;
    case Protocol.sctp:
      if (state === SctpState.established) return timeouts.sctpEstablishedMs;
      return state === SctpState.setup ? timeouts.sctpSetupMs : timeouts.sctpShutdownMs;
    default:
      return timeouts.otherMs;
  }
}

function sctpNext(state: number, chunk: number): number {
  switch (chunk) {
    case SctpChunk.data:
    case SctpChunk.sack:
    case SctpChunk.heartbeat:
    case SctpChunk.heartbeatAck:
    case SctpChunk.cookieEcho:
      return SctpState.established;
    case SctpChunk.abort:
    case SctpChunk.shutdownComplete:
      return SctpState.shutdown;
    default:
      return state;
  }
}
