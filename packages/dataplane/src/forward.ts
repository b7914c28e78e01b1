/**
 * What every packet of a flow goes through, once it is known where to: TTL, MTU, and out.
 *
 *   TTL          a node that forwards a packet counts one down. Handing it to the host's own stack is no forwarding
 *                (the host counts when it forwards), nor is taking it from there
 *   MTU          too large: fragmented (IPv4 without DF), segmented smaller (TCP super-packets without DF), or the
 *                sender is told (ICMP) and the packet dropped
 *   translation  of a Service's flow (translate.ts): from here on it is what its receiver sees
 *   out          to a peer, to a TUN device, or, if from a peer, to the collection that is written merged
 */
import {
  Counter,
  type Counters,
  Drop,
  HOST_TARGET,
  type Tables,
  TargetKind,
  targetIndex,
  targetKind,
} from "@podwire/tables";
import { ipv4, ipv6, virtio } from "@podwire/wire";
import type { Deliverer } from "./deliver.ts";
import type { Encapsulator } from "./encapsulate.ts";
import { IcmpError, type IcmpErrors } from "./icmp-error.ts";
import type { InnerFragments } from "./inner-fragments.ts";
import type { Packet } from "./packet.ts";
import type { Translation } from "./translate.ts";
import { NO_ENTRY } from "./tuple-table.ts";
import { asSuperPacket, shrinkSegments, writeVirtioHeader } from "./virtio-header.ts";

export class Forwarder {
  tables: Tables;
  readonly #view: DataView;
  readonly #encapsulator: Encapsulator;
  readonly #deliverer: Deliverer;
  readonly #fragments: InnerFragments;
  readonly #translation: Translation;
  readonly #errors: IcmpErrors;
  readonly #counters: Counters;

  constructor(
    view: DataView,
    encapsulator: Encapsulator,
    deliverer: Deliverer,
    fragments: InnerFragments,
    translation: Translation,
    errors: IcmpErrors,
    counters: Counters,
    tables: Tables,
  ) {
    this.#view = view;
    this.#encapsulator = encapsulator;
    this.#deliverer = deliverer;
    this.#fragments = fragments;
    this.#translation = translation;
    this.#errors = errors;
    this.#counters = counters;
    this.tables = tables;
  }

  /** Sends the packet on to the end `to`. Returns 0 or the drop reason; what goes on is counted as forwarded. */
  forward(packet: Packet, to: number, lane: number): number {
    const expired = this.#countDown(packet, to);
    if (expired !== Drop.none) return expired;
    const isToPeer = targetKind(to) === TargetKind.peer;
    const mtu = isToPeer ? this.#encapsulator.mtu(targetIndex(to)) : this.#deliverer.mtu(targetIndex(to));
    if (mtu === 0) return Drop.portGone;
    const isCollectedWhole = isUnsplit(packet, mtu) && !isToPeer;
    if (isToPeer && isUnsplit(packet, mtu)) asSuperPacket(this.#view, packet, mtu);
    if (!isCollectedWhole && packet.segmentBytes > mtu && !this.#mayShrink(packet, mtu))
      return this.#tooBig(packet, to, lane, mtu);
    if (packet.translation !== NO_ENTRY) this.#translation.apply(packet);
    if (isCollectedWhole) return this.#deliverer.collectSuperPacket(targetIndex(to), packet);
    if (isToPeer && targetKind(packet.arrival) === TargetKind.peer) writeVirtioHeader(this.#view, packet);
    if (isToPeer) return this.#counted(this.#encapsulator.send(targetIndex(to), lane, packet, mtu));
    if (targetKind(packet.arrival) === TargetKind.peer) {
      this.#deliverer.collect(targetIndex(to), packet);
      return Drop.none;
    }
    return this.#counted(this.#deliverer.writeWhole(targetIndex(to), packet));
  }

  #counted(reason: number): number {
    if (reason === Drop.none) this.#counters.add(Counter.forwarded, 1);
    return reason;
  }

  #countDown(packet: Packet, to: number): number {
    if (to === HOST_TARGET || packet.arrival === HOST_TARGET) return Drop.none;
    const view = this.#view;
    const at = packet.at;
    const left = packet.version === 4 ? ipv4.ttl(view, at) : ipv6.hopLimit(view, at);
    if (left <= 1) {
      this.#errors.send(this.tables, packet, IcmpError.timeExceeded, 0);
      return Drop.timeToLiveExpired;
    }
    if (packet.version === 4) ipv4.decrementTtl(view, at);
    else ipv6.setHopLimit(view, at, left - 1);
    return Drop.none;
  }

  #mayShrink(packet: Packet, mtu: number): boolean {
    if (packet.mayFragment === 0 || packet.gsoType !== virtio.Gso.Tcpv4) return false;
    return shrinkSegments(this.#view, packet, mtu);
  }

  #tooBig(packet: Packet, to: number, lane: number, mtu: number): number {
    if (packet.mayFragment === 1 && packet.gsoType === virtio.Gso.None) {
      if (packet.translation !== NO_ENTRY) this.#translation.apply(packet);
      return this.#counted(this.#fragments.send(packet, to, lane, mtu));
    }
    const told = packet.version === 6 ? Math.max(mtu, ipv6.MIN_MTU) : mtu;
    this.#errors.send(this.tables, packet, IcmpError.tooBig, told);
    return Drop.tooBig;
  }
}

/**
 * Whether a peer's kernel left a super-packet whole, as it does over a virtual link (its VXLAN device hands the splitting
 * to hardware that is not there): the size of its segments is known, or it is larger than any packet here may be.
 */
function isUnsplit(packet: Packet, mtu: number): boolean {
  if (targetKind(packet.arrival) !== TargetKind.peer || packet.needsChecksum === 0) return false;
  return packet.gsoSize > 0 || packet.length > mtu;
}
