/**
 * The thread's work: hears the beats of other nodes, decides what this node announces (`claims.ts`), says so in beats of
 * its own, and answers who asks on the link where an announced address is: ARP and NDP.
 *
 *   frame or command or time -> claims: decide -> new ones announced, with each beat for a while -> questions answered
 *
 * It answers itself instead of having the kernel do it: a daemon that hangs or is dead, while the node's kernel lives
 * on, must not attract packets that nobody carries.
 */
import { Epoll, type EventFd, LinkSocket, nativeMemory } from "@podwire/linux";
import { arp, ethernet, Fit, icmpv6, ndp, Protocol } from "@podwire/wire";
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { BEAT_ETHER_TYPE, beatFrames, readBeat } from "./beat.ts";
import { type Beat, type Candidacy, Claims } from "./claims.ts";
import { LIMITS } from "./limits.ts";

export interface AnnouncerOptions {
  /** The underlay device, and its MAC. */
  readonly device: string;
  readonly mac: Uint8Array;
  readonly node: string;
  readonly vni: number;
  readonly bell: EventFd;
  readonly nowMs: () => number;
  /** Called when the bell rang. */
  readonly commands: () => void;
  /** What this node announces has changed. */
  readonly changed: (claimed: readonly string[]) => void;
}

const TAG = { bell: 0, beats: 1, arp: 2, ndp: 3 } as const;
const FRAME_BYTES = 2048;

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #claims: Claims;
  readonly #beats: LinkSocket;
  readonly #arp: LinkSocket;
  readonly #ndp: LinkSocket;
  readonly #epoll = new Epoll();
  readonly #memory = nativeMemory(FRAME_BYTES);
  /** Addresses that came here, and with how many more beats they are announced. */
  readonly #announcing = new Map<string, number>();
  /** By their bytes, frames that were heard: most say the same again. */
  readonly #heardBefore = new Map<string, Beat>();
  /** What this node says, until it changes. */
  #frames: readonly Uint8Array[] | undefined;
  #nextBeatMs = Infinity;
  #stopped = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    const { device, node, bell, nowMs } = options;
    this.#claims = new Claims(node, nowMs());
    this.#beats = new LinkSocket({ device, etherType: BEAT_ETHER_TYPE });
    this.#arp = new LinkSocket({ device, etherType: ethernet.EtherType.Arp });
    const ipv6At = ethernet.HEADER_BYTES;
    const only = [
      { at: ipv6At + 6, value: Protocol.Icmpv6 },
      { at: ipv6At + 40, value: icmpv6.Type.NeighbourSolicitation },
    ];
    this.#ndp = new LinkSocket({ device, etherType: ethernet.EtherType.Ipv6, only });
    this.#epoll.add(bell.fd, TAG.bell);
    this.#epoll.add(this.#beats.fd, TAG.beats);
    this.#epoll.add(this.#arp.fd, TAG.arp);
    this.#epoll.add(this.#ndp.fd, TAG.ndp);
  }

  want(wanted: readonly Candidacy[]): void {
    this.#claims.want(wanted);
  }

  setFresh(isFresh: boolean): void {
    this.#frames = undefined;
    this.#claims.isFresh = isFresh;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Until `stop`. Then the others are told that nothing is announced here any more. */
  run(): void {
    const { nowMs } = this.#options;
    let againMs = nowMs();
    while (!this.#stopped) {
      const timeoutMs = Math.min(againMs, this.#nextBeatMs) - nowMs();
      this.#wait(Number.isFinite(timeoutMs) ? Math.max(0, Math.ceil(timeoutMs)) : -1);
      const now = nowMs();
      // Who was asleep for so long was dead to the others, and clients may have been told so.
      if (this.#nextBeatMs < now - LIMITS.silenceMs) this.#announceAgain(this.#claims.claimed);
      againMs = this.#decide(now);
    }
    this.#sendBeat(this.#framesOf([]));
    for (const socket of [this.#beats, this.#arp, this.#ndp, this.#epoll]) socket.close();
  }

  #wait(timeoutMs: number): void {
    const ready = this.#epoll.wait(timeoutMs);
    for (let index = 0; index < ready; index++) {
      switch (this.#epoll.tag(index)) {
        case TAG.bell:
          this.#options.bell.drain();
          this.#options.commands();
          break;
        case TAG.beats:
          this.#each(this.#beats, frame => this.#heard(frame));
          break;
        case TAG.arp:
          this.#each(this.#arp, frame => this.#answerArp(frame));
          break;
        case TAG.ndp:
          this.#each(this.#ndp, frame => this.#answerNdp(frame));
          break;
      }
    }
  }

  /** Returns when to decide again. */
  #decide(now: number): number {
    const { claimed, released, againMs } = this.#claims.decide(now);
    this.#announceAgain(claimed);
    this.#announceAgain(this.#claims.takeDisputed());
    for (const address of released) this.#announcing.delete(address);
    const isChanged = claimed.length + released.length > 0;
    if (isChanged) this.#options.changed([...this.#claims.claimed]);
    if (isChanged) this.#frames = undefined;
    if (isChanged || this.#nextBeatMs <= now) this.#beat(now);
    return againMs;
  }

  #announceAgain(addresses: Iterable<string>): void {
    for (const address of addresses) this.#announcing.set(address, LIMITS.announcements);
  }

  #beat(now: number): void {
    const { claimed } = this.#claims;
    this.#frames ??= this.#framesOf([...claimed]);
    this.#sendBeat(this.#frames);
    for (const [address, left] of this.#announcing) {
      this.#announce(address);
      if (left > 1) this.#announcing.set(address, left - 1);
      else this.#announcing.delete(address);
    }
    this.#nextBeatMs = claimed.size > 0 ? now + LIMITS.beatMs : Infinity;
  }

  #framesOf(claims: readonly string[]): readonly Uint8Array[] {
    const { mac, vni, node } = this.#options;
    return beatFrames(mac, vni, node, this.#claims.isFresh, claims);
  }

  #sendBeat(frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#beats.send(frame);
  }

  #announce(address: string): void {
    const { mac } = this.#options;
    const bytes = parseAddress(address)!;
    if (bytes.length === 4) this.#arp.send(arp.announcement(mac, bytes));
    else this.#ndp.send(ndp.announcement(mac, bytes));
  }

  #each(socket: LinkSocket, task: (frame: Uint8Array) => void): void {
    for (let bytes = socket.receive(this.#memory); bytes > 0; bytes = socket.receive(this.#memory)) {
      task(this.#memory.u8.subarray(0, bytes));
    }
  }

  #heard(frame: Uint8Array): void {
    const { vni, nowMs } = this.#options;
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString("latin1");
    let beat = this.#heardBefore.get(text);
    if (beat === undefined) {
      beat = readBeat(frame, vni);
      if (beat === undefined) return;
      if (this.#heardBefore.size >= LIMITS.rememberedFrames) this.#heardBefore.clear();
      this.#heardBefore.set(text, beat);
    }
    this.#claims.heard(beat, nowMs());
  }

  #answerArp(frame: Uint8Array): void {
    const { view } = this.#memory;
    if (arp.fits(view, 0, frame.length) !== Fit.Ok) return;
    if (arp.operation(view, 0) !== arp.Operation.Request) return;
    const target = part(frame, arp.targetAddressAt(0), 4);
    if (!this.#claims.claimed.has(formatAddress(target))) return;
    const [toMac, toAddress] = [part(frame, arp.senderMacAt(0), 6), part(frame, arp.senderAddressAt(0), 4)];
    this.#arp.send(arp.reply(this.#options.mac, target, toMac, toAddress));
  }

  #answerNdp(frame: Uint8Array): void {
    if (ndp.isSolicitation(this.#memory.view, 0, frame.length) !== Fit.Ok) return;
    const target = part(frame, ndp.targetAt(0), 16);
    if (!this.#claims.claimed.has(formatAddress(target))) return;
    const [toMac, toAddress] = [part(frame, ethernet.sourceAt(0), 6), part(frame, ndp.sourceAt(0), 16)];
    this.#ndp.send(ndp.advertisement(this.#options.mac, target, toMac, toAddress));
  }
}

function part(frame: Uint8Array, at: number, bytes: number): Uint8Array {
  return frame.slice(at, at + bytes);
}
