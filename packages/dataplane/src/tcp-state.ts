/**
 * TCP's states as a bystander sees them: lenient in windows (sequence numbers are not followed), strict in
 * states. Flat tables, one row a state, one column an event, one table a direction:
 *
 *   SYN ->  <- SYN ACK   ACK ->      FIN ->             <- FIN     ACK
 *   synSent synReceived  established finOriginator ...  lastAck    timeWait          RST: closed
 *
 * A packet in the middle of an unknown connection is picked up as established, since connections outlive the
 * daemon. A SYN over `timeWait` or `closed` is a new connection with the same ports.
 */
import { tcp } from "@podwire/wire";
import { timeouts } from "./limits.ts";

export const TcpState = {
  synSent: 0,
  synReceived: 1,
  established: 2,
  finOriginator: 3,
  finResponder: 4,
  lastAck: 5,
  timeWait: 6,
  closed: 7,
} as const;

const { synSent, synReceived, established, finOriginator, finResponder, lastAck, timeWait, closed } =
  TcpState;

export const tcpTimeouts = Int32Array.of(
  timeouts.tcpSynSentMs,
  timeouts.tcpSynReceivedMs,
  timeouts.tcpEstablishedMs,
  timeouts.tcpFinMs,
  timeouts.tcpFinMs,
  timeouts.tcpLastAckMs,
  timeouts.tcpTimeWaitMs,
  timeouts.tcpClosedMs,
);

/** Columns: SYN, SYN+ACK, ACK, FIN, RST. */
// biome-ignore format: a table
const transitions = Int32Array.of(
  // from the originator
  synSent,     synSent,     synSent,       finOriginator, closed, // synSent
  synReceived, synReceived, established,   finOriginator, closed, // synReceived
  established, established, established,   finOriginator, closed, // established
  finOriginator, finOriginator, finOriginator, finOriginator, closed, // finOriginator
  finResponder, finResponder, finResponder, lastAck,      closed, // finResponder
  lastAck,     lastAck,     timeWait,      lastAck,       closed, // lastAck
  timeWait,    timeWait,    timeWait,      timeWait,      timeWait, // timeWait: RFC 1337, no assassination
  closed,      closed,      closed,        closed,        closed, // closed
  // from the responder
  synReceived, synReceived, synSent,       finResponder,  closed, // synSent; SYN: simultaneous open
  synReceived, synReceived, established,   finResponder,  closed, // synReceived
  established, established, established,   finResponder,  closed, // established
  finOriginator, finOriginator, finOriginator, lastAck,   closed, // finOriginator
  finResponder, finResponder, finResponder, finResponder, closed, // finResponder
  lastAck,     lastAck,     timeWait,      lastAck,       closed, // lastAck
  timeWait,    timeWait,    timeWait,      timeWait,      timeWait, // timeWait
  closed,      closed,      closed,        closed,        closed, // closed
);

const EVENTS = 5;
const STATES = 8;

function event(flags: number): number {
  if (flags & tcp.RST) return 4;
  if (flags & tcp.FIN) return 3;
  if (flags & tcp.SYN) return flags & tcp.ACK ? 1 : 0;
  return 2;
}

/** The state after a packet with these flags; `direction` 0 is the originator's. */
export function tcpNext(state: number, flags: number, direction: number): number {
  return transitions[(direction * STATES + state) * EVENTS + event(flags)]!;
}

/** The state of a flow that begins with this packet. */
export function tcpFirst(flags: number): number {
  switch (event(flags)) {
    case 0:
      return synSent;
    case 1:
      return synReceived;
    case 3:
      return finOriginator;
    case 4:
      return closed;
    default:
      return established;
  }
}

/** A bare SYN where the old connection is over: the ports serve a new one. */
export function tcpReopens(state: number, flags: number): boolean {
  return state >= timeWait && event(flags) === 0;
}

/**
 * Whether endpoints send such flags: as Linux's conntrack has it, SYN, RST or FIN do not mix, FIN comes with
 * ACK, and something must be set. PSH, ECE and CWR say nothing.
 */
export function tcpFlagsValid(flags: number): boolean {
  const control = flags & (tcp.SYN | tcp.FIN | tcp.RST | tcp.ACK | tcp.URG);
  switch (control) {
    case tcp.SYN:
    case tcp.SYN | tcp.URG:
    case tcp.SYN | tcp.ACK:
    case tcp.RST:
    case tcp.RST | tcp.ACK:
    case tcp.FIN | tcp.ACK:
    case tcp.FIN | tcp.ACK | tcp.URG:
    case tcp.ACK:
    case tcp.ACK | tcp.URG:
      return true;
    default:
      return false;
  }
}
