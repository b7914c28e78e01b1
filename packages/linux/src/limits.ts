/** Every bound of this package, with its reason and what happens at the bound. */
export const LIMITS = {
  /** V8 keeps smaller buffers on its own heap, where they move. Smaller requests are rounded up to it. */
  smallestNativeBytes: 128,

  /** One netlink reply datagram; the kernel fills at most 32 KiB a dump datagram. More is an error. */
  netlinkReplyBytes: 64 * 1024,
  /** One netlink request (an nftables transaction with a set of some 50,000 endpoints is the largest). More throws before anything is sent. */
  netlinkRequestBytes: 4 * 1024 * 1024,
  /** How long a netlink answer may take (the kernel answers at once, except under memory pressure). */
  netlinkAnswerMs: 5000,

  /** Messages of one recvmmsg; each needs a slot of `underlaySlotBytes`. The rest waits in the socket. */
  receiveMessages: 32,
  /** A GRO batch is one IP packet at most: 65,535 bytes; a slot is a multiple of 64 for alignment. */
  underlaySlotBytes: 65536,
  /** Messages that one lane queues before it is sent without waiting for `flush`. */
  laneMessages: 64,
  /** Rows of `failed` a flush can report; further failures of the same flush are counted, not described. */
  failedRows: 64,
  /** Peers a data plane can address: a slot of 28 bytes each. */
  peers: 4096,
  /** How long a flush waits for room in a send buffer before its messages count as failed. */
  sendWaitMs: 2,
  /** Kernel's UDP_MAX_SEGMENTS on every kernel since 4.18 (newer ones allow 128). */
  gsoSegments: 64,
  /** Receive and send buffer of an overlay socket: a burst of 100 super-packets. */
  socketBufferBytes: 8 * 1024 * 1024,

  /** File descriptors one epoll_wait reports; the others are reported by the next one. */
  epollEvents: 64,
  /** TUN devices of one data plane. Adding one more throws. */
  tunPorts: 1024,
  /** Datagrams that a server takes with one system call, in 32 slots of so many bytes; a longer one is left out. */
  serverDatagrams: 32,
  serverDatagramBytes: 2_048,
  /** Clients whose addresses are remembered as text. Beyond, all are forgotten. */
  serverClientTexts: 4_096,
} as const;
