/**
 * The ports of the data plane: everything it needs from the outside, batch-shaped and allocation-free.
 *
 * All packet memory is one arena, and every argument is an offset into it. The arena is the buffer of a
 * WebAssembly.Memory, so that the checksum kernel reads packets where they lie. `packages/linux` implements
 * these over TUN devices and UDP sockets; `memory-io.ts` is the in-memory twin for tests.
 *
 * Nothing here throws: a negative result is `-errno`.
 */

/** The one memory in which packets, headers and iovecs live. */
export interface Arena {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly view: DataView;
  /**
   * Address of byte 0 in the process, so that the pipeline can write `struct iovec` (u64 base, u64 length)
   * itself: base = address + offset. The twin uses 0.
   */
  readonly address: number;
}

/**
 * Columns of a row of `PacketIo.received`. `tos` is the outer IPv4 TOS or IPv6 traffic class (IP_RECVTOS,
 * IPV6_RECVTCLASS): decapsulation needs its ECN bits (RFC 6040); 0 where the kernel did not report one.
 */
export const RECEIVED = { at: 0, length: 1, segmentSize: 2, sourceAt: 3, tos: 4, columns: 5 } as const;

export interface PacketIo {
  readonly arena: Arena;

  /**
   * Reads one packet of TUN `port`: a 10-byte virtio-net header (RFC: virtio 1.2 §5.1.6, little endian,
   * no num_buffers), then the IP packet. Returns the bytes read, -EAGAIN when there is none.
   */
  readTun(port: number, at: number, capacity: number): number;

  /** Writes virtio-net header and packet, gathered from `iovecCount` struct iovecs at `iovecsAt`. */
  writeTun(port: number, iovecsAt: number, iovecCount: number): number;

  /**
   * One recvmmsg on the overlay's socket(s) into [at, at + capacity): returns the number of messages and
   * fills a row of `received` for each: where its bytes are, how many, the size of each GRO segment (equal
   * to the length when there is one), and where its source address lies (16 bytes, IPv4 mapped).
   */
  receiveUnderlay(at: number, capacity: number): number;
  readonly received: Int32Array;

  /** Declares where `peer` (a small index of the tables) is. Control path; throws on a bad address. */
  setPeer(peer: number, address: string, udpPort: number): void;

  /**
   * Queues one sendmsg towards `peer`: the iovecs hold one datagram, or several of `segmentSize` bytes each
   * (only the last may be shorter) that go out by UDP_SEGMENT. `lane` picks one of LANES source ports: a
   * flow must always use the same one. `tos` is the outer TOS or traffic class, by an IP_TOS or IPV6_TCLASS
   * control message when it is not 0: all datagrams of one call share it. The iovecs and what they point at
   * stay untouched until `flush`.
   */
  queueUnderlay(
    peer: number,
    lane: number,
    tos: number,
    iovecsAt: number,
    iovecCount: number,
    bytes: number,
    segmentSize: number,
  ): void;

  /**
   * Sends what was queued (sendmmsg). Returns how many messages failed; for each of them a row of `failed`:
   * the peer, the errno, the path MTU that the kernel now knows towards the peer (0: unknown) and how many
   * datagrams the message held.
   */
  flush(): number;
  readonly failed: Int32Array;
}

/** Columns of a row of `PacketIo.failed`. */
export const FAILED = { peer: 0, errno: 1, pathMtu: 2, datagrams: 3, columns: 4 } as const;

/** Source ports (sockets) a node spreads its flows over, so that the underlay may hash them. */
export const LANES = 4;
