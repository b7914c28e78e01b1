/**
 * Segmentation and checksum offload: between the super-packets of TUN devices and the datagrams of the overlay.
 *
 * Setup, once:
 *
 *     const arena = createArena(bytes, addressOf);               // the one memory; twin: createArena(bytes)
 *     const sum = createChecksumKernel(arena);                   // sum(at, bytes): folded RFC 1071 sum
 *     const outbox = new Outbox(arena, { headersAt, headersBytes, iovecsAt, iovecCapacity });
 *     const splitter = new Splitter(arena, sum, outbox);
 *     const merger = new Merger(arena, sum, { packetCapacity, iovecsAt, iovecCapacity, mergeUdp, seed });
 *
 * Towards peers, for each packet that came from a TUN device with its virtio header at `at - 10`:
 *
 *     splitter.send(peer, lane, at, end, templateAt, maxPacketBytes, remoteChecksum)
 *       > 0              datagrams queued in the outbox
 *       -NoRoom          drain the outbox (below), then send the same packet again
 *       -OffloadReject   drop it under OFFLOAD_REJECT_NAMES[reject]; TooBig: answer with ICMP
 *
 *     for (let row = 0, n = outbox.messageCount; row < n; row++)   // columns: MESSAGE
 *       io.queueUnderlay(peer, lane, iovecsAt, iovecCount, bytes, segmentSize);
 *     io.flush(); outbox.reset();
 *
 * From peers, for each decapsulated packet (all its checks done, TTL counted down, trimmed to its IP length):
 *
 *     const partial = readRemoteChecksum(view, vxlanAt, at, end);  // 0: complete; < 0: malformed, drop
 *     (a peer that is a kernel VXLAN device: guessPartialChecksum(view, at, end) where that said 0)
 *     if (!merger.add(port, at, end, partial)) { drain; merger.add(…) again }
 *
 *     for (let i = 0, n = merger.count; i < n; i++) {              // in the order in which flows appeared
 *       const iovecs = merger.emit(i);                             // written at merger.iovecsAt
 *       io.writeTun(merger.port(i), merger.iovecsAt, iovecs);
 *     }
 *     merger.reset();
 *
 * From a kernel VXLAN device over a virtual link (veth) one received message may be one super-packet, unsplit: its
 * inner IP length is the whole message less 22, and the message's `segmentSize` is not a datagram's but the inner gso_size.
 * Then `merger.addSuperPacket(port, at, end, segmentSize)` instead.
 *
 * The headroom of every packet (22 bytes for `send`, 10 for `add`) is overwritten. Packets, and the outbox's slots
 * and iovecs, stay untouched until flush or reset. Nothing here allocates after setup, and nothing throws.
 */
export { createArena } from "./arena.ts";
export { type ChecksumKernel, createChecksumKernel } from "./checksum-kernel.ts";
export { IOVEC_BYTES, IovecWriter } from "./iovec.ts";
export { Merger, type MergerOptions } from "./merge.ts";
export { MESSAGE, Outbox, type OutboxRegion } from "./outbox.ts";
export { OFFLOAD_REJECT_NAMES, OffloadReject } from "./reject.ts";
export { guessPartialChecksum, readRemoteChecksum } from "./remote-checksum.ts";
export { completeAt } from "./single.ts";
export { ENCAPSULATION_BYTES, HEADROOM_BYTES, Splitter } from "./split.ts";
export { SuperPacket } from "./super-packet.ts";
