/**
 * Packet formats: one namespace a protocol, private offsets, accessors that cannot fail once `fits` said `Fit.Ok`.
 *
 *     if (ipv4.fits(view, at, end) !== Fit.Ok) return drop;
 *     if (ipv4.ttl(view, at) <= 1) …
 *
 * Addresses and CIDRs as text are `@podwire/wire/address` and `@podwire/wire/cidr`: every process needs those, also
 * the many that never see a packet and need not load its formats.
 */
export * as arp from "./arp.ts";
export * as checksum from "./checksum.ts";
export { crc32c } from "./crc32c.ts";
export * as ethernet from "./ethernet.ts";
export { FIT_NAMES, Fit } from "./fit.ts";
export * as flowHash from "./flow-hash.ts";
export * as icmp from "./icmp.ts";
export * as icmpv6 from "./icmpv6.ts";
export * as ipv4 from "./ipv4.ts";
export * as ipv6 from "./ipv6.ts";
export * as ipv6Extensions from "./ipv6-extensions.ts";
export * as ndp from "./ndp.ts";
export { Protocol } from "./protocol.ts";
export * as sctp from "./sctp.ts";
export * as tcp from "./tcp.ts";
export * as udp from "./udp.ts";
export * as virtio from "./virtio.ts";
export * as vxlan from "./vxlan.ts";
