/**
 * Every accessor on frames that a Linux 6.18 VXLAN device (VNI 7, `remcsumtx`) sent to a UDP socket: what these files
 * call a field is what the kernel puts there.
 */
import assert from "node:assert/strict";
import { formatAddress, formatMac } from "./address.ts";
import * as checksum from "./checksum.ts";
import * as ethernet from "./ethernet.ts";
import { Fit } from "./fit.ts";
import * as icmp from "./icmp.ts";
import * as icmpv6 from "./icmpv6.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import * as ipv6Extensions from "./ipv6-extensions.ts";
import { Protocol } from "./protocol.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";
import * as vxlan from "./vxlan.ts";

const UDP_OVER_IPV4 =
  "0820000000000791020000000002020000000001080045000024a5e84000401180cc0a0900010a090002" +
  "1388177000101436706f647769726521";
const UDP_OVER_IPV6 =
  "082000000000079b02000000000202000000000186dd600b38b500101140fd090000000000000000000000000001" +
  "fd0900000000000000000000000000021388177000" +
  "10fa37706f647769726521";
const SYN =
  "082000000000071102000000000202000000000108004500003c4e3140004006d8760a0900010a090002" +
  "138900501b96234100000000a002faf014430000020405b40402080a0e811ec2000000000103030a";
const ECHO =
  "08000000000007000200000000020200000000010800450000208d644000400199640a0900010a090002080000001234000170696e67";
const LISTENER_REPORT =
  "080000000000070033330000001602000000000186dd6000000000240001fe80000000000000000000fffe000001" +
  "ff0200000000000000000000000000163a000502000001008f0072070000000104000000" +
  "ff0200000000000000000001ff000001";

const ETHERNET_AT = 8;
const IP_AT = 22;

function frame(hex: string): { view: DataView; bytes: Uint8Array; end: number } {
  const bytes = Uint8Array.from(hex.match(/../g)!, pair => Number.parseInt(pair, 16));
  return { view: new DataView(bytes.buffer), bytes, end: bytes.length };
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.subarray(at, at + length);
}

/** Completes a partial the way that remote checksum offload says, and whether the result verifies. */
function completeRemotely(hex: string): boolean {
  const { view, end } = frame(hex);
  const start = vxlan.HEADER_BYTES + vxlan.remoteChecksumStart(view, 0);
  const field = start + vxlan.remoteChecksumOffset(view, 0);
  view.setUint16(field, checksum.finish(checksum.sum(view, start, end, 0)));
  const protocol = vxlan.remoteChecksumOffset(view, 0) === 6 ? Protocol.Udp : Protocol.Tcp;
  const pseudo = checksum.pseudoFor(view, IP_AT, protocol, end - start);
  return checksum.isValid(checksum.sum(view, start, end, pseudo));
}

describe("frames of the kernel's VXLAN device", () => {
  it("VXLAN, Ethernet, IPv4, UDP, with a remote checksum", () => {
    const { view, bytes, end } = frame(UDP_OVER_IPV4);
    assert.equal(vxlan.fits(view, 0, end, vxlan.FLAG_REMOTE_CHECKSUM), Fit.Ok);
    assert.equal(vxlan.fits(view, 0, end, 0), Fit.BadFlags);
    assert.equal(vxlan.vni(view, 0), 7);
    assert.equal(vxlan.remoteChecksumStart(view, 0), 34);
    assert.equal(vxlan.remoteChecksumOffset(view, 0), udp.CHECKSUM_OFFSET);
    assert.equal(ethernet.fits(view, ETHERNET_AT, end), Fit.Ok);
    assert.equal(ethernet.etherType(view, ETHERNET_AT), ethernet.EtherType.Ipv4);
    assert.equal(formatMac(slice(bytes, ethernet.destinationAt(ETHERNET_AT), 6)), "02:00:00:00:00:02");
    assert.equal(formatMac(slice(bytes, ethernet.sourceAt(ETHERNET_AT), 6)), "02:00:00:00:00:01");
    assert.equal(ethernet.isGroup(view, ETHERNET_AT), false);
    assert.equal(ethernet.payloadAt(ETHERNET_AT), IP_AT);
    assert.equal(ipv4.fits(view, IP_AT, end), Fit.Ok);
    assert.equal(ipv4.checksumFits(view, IP_AT), Fit.Ok);
    assert.equal(ipv4.totalLength(view, IP_AT), end - IP_AT);
    assert.equal(ipv4.identification(view, IP_AT), 0xa5e8);
    assert.equal(ipv4.dontFragment(view, IP_AT), true);
    assert.equal(ipv4.isFragment(view, IP_AT), false);
    assert.equal(ipv4.ttl(view, IP_AT), 64);
    assert.equal(ipv4.protocol(view, IP_AT), Protocol.Udp);
    assert.equal(ipv4.source(view, IP_AT), 0x0a090001);
    assert.equal(ipv4.destination(view, IP_AT), 0x0a090002);
    const at = IP_AT + ipv4.headerBytes(view, IP_AT);
    assert.equal(udp.fits(view, at, end), Fit.Ok);
    assert.deepEqual([udp.sourcePort(view, at), udp.destinationPort(view, at)], [5000, 6000]);
    assert.equal(udp.length(view, at), 16);
    assert.equal(udp.checksum(view, at), checksum.fold(checksum.pseudoIpv4(view, IP_AT, Protocol.Udp, 16)));
    assert.ok(completeRemotely(UDP_OVER_IPV4));
  });

  it("IPv6 and UDP, with a remote checksum", () => {
    const { view, bytes, end } = frame(UDP_OVER_IPV6);
    assert.equal(ethernet.etherType(view, ETHERNET_AT), ethernet.EtherType.Ipv6);
    assert.equal(vxlan.remoteChecksumStart(view, 0), 54);
    assert.equal(ipv6.fits(view, IP_AT, end), Fit.Ok);
    assert.equal(ipv6.flowLabel(view, IP_AT), 0xb38b5);
    assert.equal(ipv6.hopLimit(view, IP_AT), 64);
    assert.equal(ipv6.totalLength(view, IP_AT), end - IP_AT);
    assert.equal(formatAddress(slice(bytes, ipv6.sourceAt(IP_AT), 16)), "fd09::1");
    assert.equal(formatAddress(slice(bytes, ipv6.destinationAt(IP_AT), 16)), "fd09::2");
    const walked = ipv6Extensions.walk(view, IP_AT);
    assert.equal(ipv6Extensions.walkedProtocol(walked), Protocol.Udp);
    const at = IP_AT + ipv6Extensions.walkedTransport(walked);
    assert.equal(udp.checksum(view, at), checksum.fold(checksum.pseudoIpv6(view, IP_AT, Protocol.Udp, 16)));
    assert.ok(completeRemotely(UDP_OVER_IPV6));
  });

  it("a SYN with options, with a remote checksum", () => {
    const { view, end } = frame(SYN);
    const at = IP_AT + 20;
    assert.equal(vxlan.remoteChecksumOffset(view, 0), tcp.CHECKSUM_OFFSET);
    assert.equal(tcp.fits(view, at, end), Fit.Ok);
    assert.deepEqual([tcp.sourcePort(view, at), tcp.destinationPort(view, at)], [5001, 80]);
    assert.equal(tcp.ports(view, at), 0x1389_0050);
    assert.equal(tcp.sequence(view, at), 0x1b96_2341);
    assert.equal(tcp.acknowledgement(view, at), 0);
    assert.equal(tcp.headerBytes(view, at), 40);
    assert.equal(tcp.flags(view, at), tcp.SYN);
    assert.equal(tcp.window(view, at), 64_240);
    assert.equal(tcp.urgent(view, at), 0);
    assert.ok(completeRemotely(SYN));
  });

  it("an echo request without extensions", () => {
    const { view, end } = frame(ECHO);
    assert.equal(vxlan.fits(view, 0, end, 0), Fit.Ok);
    assert.equal(vxlan.hasRemoteChecksum(view, 0), false);
    const at = IP_AT + 20;
    assert.equal(icmp.type(view, at), icmp.Type.EchoRequest);
    assert.ok(icmp.isEcho(view, at) && !icmp.isError(view, at));
    assert.deepEqual([icmp.identifier(view, at), icmp.sequence(view, at)], [0x1234, 1]);
  });

  it("a listener report behind a hop-by-hop header, whose checksum verifies", () => {
    const { view, end } = frame(LISTENER_REPORT);
    assert.equal(ethernet.isGroup(view, ETHERNET_AT), true);
    assert.ok(ipv6.sourceIsLinkLocal(view, IP_AT) && ipv6.destinationIsMulticast(view, IP_AT));
    const walked = ipv6Extensions.walk(view, IP_AT);
    assert.equal(ipv6Extensions.walkedProtocol(walked), Protocol.Icmpv6);
    assert.equal(ipv6Extensions.walkedTransport(walked), 48);
    assert.equal(ipv6Extensions.walkedFragment(walked), 0);
    const at = IP_AT + 48;
    assert.equal(icmpv6.type(view, at), icmpv6.Type.MulticastListenerReportV2);
    assert.equal(icmpv6.checksumFits(view, IP_AT, at, end), Fit.Ok);
    view.setUint8(end - 1, 9);
    assert.equal(icmpv6.checksumFits(view, IP_AT, at, end), Fit.BadChecksum);
  });

  it("are written by `setRemoteChecksum` bit for bit", () => {
    for (const [hex, start, offset] of [
      [UDP_OVER_IPV4, 34, 6],
      [UDP_OVER_IPV6, 54, 6],
      [SYN, 34, 16],
    ] as const) {
      const { view, bytes } = frame(hex);
      const written = new DataView(new ArrayBuffer(8));
      vxlan.write(written, 0, 7);
      assert.equal(vxlan.fits(written, 0, 8, 0), Fit.Ok);
      vxlan.setRemoteChecksum(written, 0, start, offset);
      assert.deepEqual(new Uint8Array(written.buffer), bytes.slice(0, 8));
      assert.equal(view.getUint32(0), vxlan.flags(written, 0));
    }
  });
});
