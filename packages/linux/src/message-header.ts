/**
 * Layouts that recvmmsg and sendmmsg share (the same on x64 and arm64), as byte offsets.
 *
 * ```
 * mmsghdr   0 name address   8 name bytes (u32)   16 iovec address   24 iovecs   32 control address
 *          40 control bytes 48 flags (i32)        56 message bytes (u32)                              64 in all
 * cmsghdr   0 length of header and data (u64)      8 level (i32)     12 type (i32)      16 data, padded to 8
 * iovec     0 base (u64)                           8 length (u64)                                     16 in all
 * ```
 */

export const MESSAGE = {
  name: 0,
  nameBytes: 8,
  iovecs: 16,
  iovecCount: 24,
  control: 32,
  controlBytes: 40,
  flags: 48,
  bytes: 56,
  size: 64,
} as const;

export const CONTROL = { bytes: 0, level: 8, type: 12, data: 16, sizeWithNumber: 24 } as const;

export const IOVEC_BYTES = 16;

/** Room for one sockaddr_in6, a multiple of 8. */
export const NAME_SLOT_BYTES = 32;
/** Room for two control messages that carry a number each. */
export const CONTROL_SLOT_BYTES = 2 * CONTROL.sizeWithNumber;

export const SOL_IP = 0;
export const SOL_UDP = 17;
export const SOL_IPV6 = 41;
export const IP_TOS = 1;
export const IPV6_TCLASS = 67;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;
export const MSG_DONTWAIT = 0x40;
