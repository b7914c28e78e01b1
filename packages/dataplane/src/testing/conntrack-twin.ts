/**
 * The slow, obvious twin of connection tracking: a list of flows, tuples as text, states by name.
 */
export interface TwinPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: "tcp" | "udp" | "icmp" | "sctp" | "other";
  /** "S", "SA", "A", "FA", "R" for TCP; the chunk's name for SCTP; empty otherwise. */
  readonly says: string;
}

export interface TwinFlow {
  readonly source: string;
  readonly destination: string;
  readonly protocol: TwinPacket["protocol"];
  state: string;
  lastMs: number;
}

const TCP_SECONDS: { readonly [state: string]: number } = {
  synSent: 120,
  synReceived: 60,
  established: 86_400,
  finOriginator: 120,
  finResponder: 120,
  lastAck: 30,
  timeWait: 120,
  closed: 10,
};

export class ConntrackTwin {
  flows: TwinFlow[] = [];

  /** The live flow of a packet and the packet's direction. */
  find(packet: TwinPacket, nowMs: number): { flow: TwinFlow; direction: number } | undefined {
    for (const direction of [0, 1]) {
      const [source, destination] =
        direction === 0 ? [packet.source, packet.destination] : [packet.destination, packet.source];
      const flow = this.flows.find(
        other =>
          other.protocol === packet.protocol && other.source === source && other.destination === destination,
      );
      if (flow === undefined) continue;
      if (nowMs - flow.lastMs > timeoutMs(flow) || isNewOver(flow, packet)) {
        this.remove(flow);
        return undefined;
      }
      return { flow, direction };
    }
    return undefined;
  }

  create(packet: TwinPacket, nowMs: number): TwinFlow {
    const { source, destination, protocol } = packet;
    const flow = { source, destination, protocol, state: firstState(packet), lastMs: nowMs };
    this.flows.push(flow);
    return flow;
  }

  touch(flow: TwinFlow, direction: number, packet: TwinPacket, nowMs: number): void {
    flow.state = nextState(flow, direction, packet.says);
    flow.lastMs = nowMs;
  }

  remove(flow: TwinFlow): void {
    this.flows = this.flows.filter(other => other !== flow);
  }

  sweep(nowMs: number): void {
    this.flows = this.flows.filter(flow => nowMs - flow.lastMs <= timeoutMs(flow));
  }
}

function timeoutMs(flow: TwinFlow): number {
  switch (flow.protocol) {
    case "tcp":
      return TCP_SECONDS[flow.state]! * 1000;
    case "udp":
      return flow.state === "bothWays" ? 120_000 : 30_000;
    case "icmp":
      return 30_000;
    case "sctp":
      return { setup: 60_000, established: 210_000, shutdown: 10_000 }[flow.state]!;
    default:
      return 600_000;
  }
}

function isNewOver(flow: TwinFlow, packet: TwinPacket): boolean {
  if (flow.protocol === "tcp") {
    return packet.says === "S" && (flow.state === "timeWait" || flow.state === "closed");
  }
  return flow.protocol === "sctp" && flow.state === "shutdown" && packet.says === "init";
}

function firstState({ protocol, says }: TwinPacket): string {
  if (protocol === "sctp") return sctpState("setup", says);
  if (protocol !== "tcp") return "oneWay";
  const states: { readonly [says: string]: string } = {
    S: "synSent",
    SA: "synReceived",
    A: "established",
    FA: "finOriginator",
    R: "closed",
  };
  return states[says]!;
}

function nextState(flow: TwinFlow, direction: number, says: string): string {
  if (flow.protocol === "sctp") return sctpState(flow.state, says);
  if (flow.protocol !== "tcp") return direction === 1 ? "bothWays" : flow.state;
  if (flow.state === "timeWait" || flow.state === "closed") return flow.state;
  if (says === "R") return "closed";
  if (says === "FA") return afterFin(flow.state, direction);
  return afterOther(flow.state, direction, says);
}

function afterFin(state: string, direction: number): string {
  const [mine, theirs] =
    direction === 0 ? ["finOriginator", "finResponder"] : ["finResponder", "finOriginator"];
  if (state === "lastAck" || state === theirs) return "lastAck";
  return mine!;
}

function afterOther(state: string, direction: number, says: string): string {
  switch (state) {
    case "synSent":
      // An answer to the SYN: its acknowledgement, or a SYN of the other side's own.
      return direction === 1 && says !== "A" ? "synReceived" : "synSent";
    case "synReceived":
      return says === "A" ? "established" : "synReceived";
    case "lastAck":
      return says === "A" ? "timeWait" : "lastAck";
    default:
      return state;
  }
}

function sctpState(state: string, chunk: string): string {
  if (chunk === "abort") return "shutdown";
  return chunk === "data" ? "established" : state;
}
