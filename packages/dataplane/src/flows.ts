/**
 * Flow records: one when a flow starts, one when it ends, one for a packet that found no way to become a flow
 * (so many a second and no more, or a flood would push everything else out of the ring).
 */
import { FlowEvent, FlowField, type FlowRecordWriter, TargetKind } from "@podwire/tables";
import type { Clock } from "./clock.ts";
import { type Conntrack, Flow, type FlowEndListener } from "./conntrack.ts";
import { limits } from "./limits.ts";
import type { Packet } from "./packet.ts";
import { hasBackend } from "./service.ts";
import { TokenBuckets } from "./token-buckets.ts";

export class FlowLog implements FlowEndListener {
  readonly #writer: FlowRecordWriter;
  readonly #clock: Clock;
  readonly #dropBudget: TokenBuckets;
  #conntrack: Conntrack | undefined;

  constructor(writer: FlowRecordWriter, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
    this.#dropBudget = new TokenBuckets(clock, 1, limits.dropRecordsPerSecond, limits.dropRecordBurst);
  }

  /** The two know each other: connection tracking tells of ends, and the log reads the flow's rows. */
  attach(conntrack: Conntrack): void {
    this.#conntrack = conntrack;
  }

  flowStarted(flow: number): void {
    this.#writeFlow(flow, FlowEvent.started);
  }

  flowEnded(flow: number): void {
    this.#writeFlow(flow, FlowEvent.ended);
  }

  /** A publish took a flow's way or permission. */
  flowRevoked(flow: number): void {
    this.#writeFlow(flow, FlowEvent.dropped);
  }

  /** A packet without a flow was dropped. */
  dropped(packet: Packet, reason: number): void {
    if (!this.#dropBudget.take(0)) return;
    const { words, floats } = this.#writer;
    const at = this.#writer.begin();
    words[at + FlowField.source] = packet.source0;
    words[at + FlowField.source + 1] = packet.source1;
    words[at + FlowField.source + 2] = packet.source2;
    words[at + FlowField.source + 3] = packet.source3;
    words[at + FlowField.destination] = packet.destination0;
    words[at + FlowField.destination + 1] = packet.destination1;
    words[at + FlowField.destination + 2] = packet.destination2;
    words[at + FlowField.destination + 3] = packet.destination3;
    this.#writeHead(at, FlowEvent.dropped, reason, packet.protocol, packet.ports);
    words.fill(0, at + FlowField.backend, at + FlowField.backend + 4);
    words[at + FlowField.sourceTarget] = packet.arrival;
    words[at + FlowField.destinationTarget] = TargetKind.outside;
    const double = at >> 1;
    floats[double + FlowField.startMs / 2] = this.#clock.atMs(this.#clock.ms);
    floats[double + FlowField.lastMs / 2] = this.#clock.atMs(this.#clock.ms);
    floats[double + FlowField.packets / 2] = 1;
    floats[double + FlowField.bytes / 2] = packet.length;
    floats[double + FlowField.replyPackets / 2] = 0;
    floats[double + FlowField.replyBytes / 2] = 0;
    this.#writer.commit();
  }

  #writeFlow(flow: number, event: number): void {
    const conntrack = this.#conntrack!;
    const { tuples } = conntrack;
    const { words, floats } = this.#writer;
    const first = flow << 1;
    const reply = first + 1;
    const at = this.#writer.begin();
    for (let index = 0; index < 8; index++) {
      words[at + FlowField.source + index] = tuples.addressWord(first, index);
    }
    this.#writeHead(
      at,
      event,
      conntrack.get(flow, Flow.verdict),
      tuples.protocol(first),
      tuples.ports(first),
    );
    const isTranslated = hasBackend(conntrack.get(flow, Flow.serviceVerdict));
    const backendPort = isTranslated ? tuples.ports(reply) & ~0xffff : 0;
    words[at + FlowField.destinationPorts] = (tuples.ports(first) & 0xffff) | backendPort;
    for (let index = 0; index < 4; index++) {
      words[at + FlowField.backend + index] = isTranslated ? tuples.addressWord(reply, index) : 0;
    }
    words[at + FlowField.sourceTarget] = conntrack.get(flow, Flow.originatorEnd);
    words[at + FlowField.destinationTarget] = conntrack.get(flow, Flow.responderEnd);
    const double = at >> 1;
    floats[double + FlowField.startMs / 2] = this.#clock.atMs(conntrack.get(flow, Flow.startedAt));
    floats[double + FlowField.lastMs / 2] = this.#clock.atMs(conntrack.get(flow, Flow.lastAt));
    floats[double + FlowField.packets / 2] = tuples.packets(first);
    floats[double + FlowField.bytes / 2] = tuples.bytes(first);
    floats[double + FlowField.replyPackets / 2] = tuples.packets(reply);
    floats[double + FlowField.replyBytes / 2] = tuples.bytes(reply);
    this.#writer.commit();
  }

  #writeHead(at: number, event: number, reason: number, protocol: number, ports: number): void {
    const { words } = this.#writer;
    words[at + FlowField.event] = event;
    words[at + FlowField.verdict] = reason;
    words[at + FlowField.protocol] = protocol;
    words[at + FlowField.sourcePort] = ports >>> 16;
    words[at + FlowField.destinationPorts] = ports & 0xffff;
  }
}
