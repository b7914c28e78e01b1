/** Numbers of DNS: types and classes (RFC 1035 §3.2, RFC 3596, RFC 2782, RFC 6891), header flags, response codes. */

export const HEADER_BYTES = 12;

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const CLASS_IN = 1;

export const OPCODE_QUERY = 0;

/** Bits of the second word of a header. */
export const FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
} as const;

export const RCODE = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  /** Its upper bits are in the OPT record. */
  badVersion: 16,
} as const;

/** Of a UDP answer to a client that says nothing of a size (RFC 1035 §4.2.1). */
export const PLAIN_UDP_BYTES = 512;

export const MAX_MESSAGE_BYTES = 65_535;
