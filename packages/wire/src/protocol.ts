/** Protocol numbers of the IPv4 `protocol` and IPv6 `next header` fields (IANA, RFC 5237). */

export const Protocol = {
  HopByHop: 0,
  Icmp: 1,
  Tcp: 6,
  Udp: 17,
  Routing: 43,
  Fragment: 44,
  Esp: 50,
  Ah: 51,
  Icmpv6: 58,
  NoNextHeader: 59,
  DestinationOptions: 60,
  Sctp: 132,
} as const;

export type Protocol = (typeof Protocol)[keyof typeof Protocol];
