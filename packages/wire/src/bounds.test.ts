/** What `fits` says of headers that are too short, lie about their length, or say another version. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FIT_NAMES, Fit } from "./fit.ts";
import * as icmp from "./icmp.ts";
import * as icmpv6 from "./icmpv6.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import * as sctp from "./sctp.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";
import * as virtio from "./virtio.ts";
import * as vxlan from "./vxlan.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);
const AT = 3;

function expectFit(actual: Fit, expected: Fit): void {
  assert.equal(FIT_NAMES[actual], FIT_NAMES[expected]);
}

describe("bounds", () => {
  beforeEach(() => buffer.fill(0));

  it("of IPv4", () => {
    ipv4.write(view, AT, 60, 9, ipv4.DONT_FRAGMENT, 64, 6, 0x0a000001, 0x0a000002);
    expectFit(ipv4.fits(view, AT, AT + 60), Fit.Ok);
    expectFit(ipv4.fits(view, AT, AT + 70), Fit.Ok);
    expectFit(ipv4.checksumFits(view, AT), Fit.Ok);
    expectFit(ipv4.fits(view, AT, AT + 59), Fit.BadTotalLength);
    expectFit(ipv4.fits(view, AT, AT + 19), Fit.TooShort);
    ipv4.setTotalLength(view, AT, 19);
    expectFit(ipv4.fits(view, AT, AT + 60), Fit.BadTotalLength);
    expectFit(ipv4.checksumFits(view, AT), Fit.BadChecksum);
    view.setUint8(AT, 0x44);
    expectFit(ipv4.fits(view, AT, AT + 60), Fit.BadHeaderLength);
    view.setUint8(AT, 0x4f);
    expectFit(ipv4.fits(view, AT, AT + 59), Fit.BadHeaderLength);
    view.setUint8(AT, 0x65);
    expectFit(ipv4.fits(view, AT, AT + 60), Fit.BadVersion);
  });

  it("of IPv6", () => {
    ipv6.writeFixed(view, AT, 20, 17, 64);
    expectFit(ipv6.fits(view, AT, AT + 60), Fit.Ok);
    expectFit(ipv6.fits(view, AT, AT + 59), Fit.BadTotalLength);
    expectFit(ipv6.fits(view, AT, AT + 39), Fit.TooShort);
    view.setUint8(AT, 0x45);
    expectFit(ipv6.fits(view, AT, AT + 60), Fit.BadVersion);
  });

  it("of TCP", () => {
    tcp.setHeaderBytes(view, AT, 32);
    expectFit(tcp.fits(view, AT, AT + 32), Fit.Ok);
    expectFit(tcp.fits(view, AT, AT + 31), Fit.BadHeaderLength);
    expectFit(tcp.fits(view, AT, AT + 19), Fit.TooShort);
    tcp.setHeaderBytes(view, AT, 16);
    expectFit(tcp.fits(view, AT, AT + 60), Fit.BadHeaderLength);
  });

  it("of UDP", () => {
    udp.setLength(view, AT, 20);
    expectFit(udp.fits(view, AT, AT + 20), Fit.Ok);
    expectFit(udp.fits(view, AT, AT + 19), Fit.BadTotalLength);
    expectFit(udp.headerFits(view, AT, AT + 19), Fit.Ok);
    expectFit(udp.fits(view, AT, AT + 7), Fit.TooShort);
    udp.setLength(view, AT, 7);
    expectFit(udp.fits(view, AT, AT + 20), Fit.BadTotalLength);
  });

  it("of ICMP and ICMPv6", () => {
    expectFit(icmp.fits(view, AT, AT + 7), Fit.TooShort);
    expectFit(icmpv6.fits(view, AT, AT + 8), Fit.Ok);
    icmp.write(
      view,
      AT,
      AT + 8,
      icmp.Type.DestinationUnreachable,
      icmp.Unreachable.FragmentationNeeded,
      1450,
    );
    expectFit(icmp.checksumFits(view, AT, AT + 8), Fit.Ok);
    assert.equal(icmp.nextHopMtu(view, AT), 1450);
    assert.ok(icmp.isError(view, AT));
    view.setUint8(AT + 7, 0);
    expectFit(icmp.checksumFits(view, AT, AT + 8), Fit.BadChecksum);
    ipv6.writeFixed(view, 100, 8, 58, 64);
    icmpv6.write(view, 100, 140, 148, icmpv6.Type.PacketTooBig, 0, 1280);
    expectFit(icmpv6.checksumFits(view, 100, 140, 148), Fit.Ok);
    assert.equal(icmpv6.mtu(view, 140), 1280);
    assert.ok(icmpv6.isError(view, 140) && !icmpv6.isEcho(view, 140));
  });

  it("of SCTP", () => {
    view.setUint16(AT + 14, 20);
    expectFit(sctp.fits(view, AT, AT + 32), Fit.Ok);
    expectFit(sctp.fits(view, AT, AT + 31), Fit.BadTotalLength);
    expectFit(sctp.fits(view, AT, AT + 15), Fit.TooShort);
    view.setUint16(AT + 14, 3);
    expectFit(sctp.fits(view, AT, AT + 32), Fit.BadTotalLength);
  });

  it("of VXLAN: reserved bits are refused unless their extension is on", () => {
    vxlan.write(view, AT, 0xffffff);
    expectFit(vxlan.fits(view, AT, AT + 8, 0), Fit.Ok);
    expectFit(vxlan.fits(view, AT, AT + 7, 0), Fit.TooShort);
    assert.equal(vxlan.vni(view, AT), 0xffffff);
    view.setUint8(AT + 7, 1);
    expectFit(vxlan.fits(view, AT, AT + 8, vxlan.FLAG_REMOTE_CHECKSUM), Fit.BadFlags);
    view.setUint32(AT, 0);
    expectFit(vxlan.fits(view, AT, AT + 8, 0), Fit.BadFlags);
    view.setUint8(AT + 7, 0);
    view.setUint32(AT, vxlan.FLAG_VNI | vxlan.FLAG_GROUP_POLICY | vxlan.GROUP_POLICY_APPLIED | 0x1234);
    expectFit(vxlan.fits(view, AT, AT + 8, 0), Fit.BadFlags);
    expectFit(vxlan.fits(view, AT, AT + 8, vxlan.FLAG_GROUP_POLICY), Fit.Ok);
    assert.equal(vxlan.groupId(view, AT), 0x1234);
    view.setUint32(AT, vxlan.FLAG_VNI | 0x1234);
    expectFit(vxlan.fits(view, AT, AT + 8, vxlan.FLAG_GROUP_POLICY), Fit.BadFlags);
    assert.ok(vxlan.remoteChecksumFits(254, 6) && !vxlan.remoteChecksumFits(256, 6));
    assert.ok(!vxlan.remoteChecksumFits(35, 6) && !vxlan.remoteChecksumFits(34, 8));
  });

  it("hold for any bytes: what fits can be read to its end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), data => {
        const exact = new DataView(data.buffer, data.byteOffset, data.byteLength);
        if (ipv4.fits(exact, 0, data.length) === Fit.Ok) {
          ipv4.checksumFits(exact, 0);
          ipv4.destination(exact, 0);
        }
        if (ipv6.fits(exact, 0, data.length) === Fit.Ok) exact.getUint8(ipv6.destinationAt(0) + 15);
        if (tcp.fits(exact, 0, data.length) === Fit.Ok) exact.getUint8(tcp.headerBytes(exact, 0) - 1);
        if (udp.fits(exact, 0, data.length) === Fit.Ok) exact.getUint8(udp.length(exact, 0) - 1);
        if (sctp.fits(exact, 0, data.length) === Fit.Ok) sctp.firstChunkFlags(exact, 0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("accessors that write", () => {
  it("count a TTL down and keep the checksum right, through every value", () => {
    for (let ttl = 255; ttl > 1; ttl--) {
      ipv4.write(view, AT, 20, ttl * 257, 0, ttl, 17, 0x0a0000ff, 0xffffff00);
      ipv4.decrementTtl(view, AT);
      assert.equal(ipv4.ttl(view, AT), ttl - 1);
      expectFit(ipv4.checksumFits(view, AT), Fit.Ok);
    }
  });

  it("change nothing of a traffic class's neighbours", () => {
    view.setUint32(AT, 0x6fff_ffff);
    ipv6.setTrafficClass(view, AT, 0);
    assert.equal(view.getUint32(AT), 0x600f_ffff);
    ipv6.setTrafficClass(view, AT, 0xa5);
    assert.equal(ipv6.trafficClass(view, AT), 0xa5);
    assert.equal(ipv6.flowLabel(view, AT), 0xfffff);
  });

  it("write virtio headers as little endian", () => {
    virtio.write(view, AT, virtio.FLAG_NEEDS_CSUM, virtio.Gso.Tcpv4 | virtio.GSO_ECN, 54, 1448, 34, 16);
    assert.deepEqual([...buffer.slice(AT, AT + 10)], [1, 0x81, 54, 0, 0xa8, 5, 34, 0, 16, 0]);
    assert.equal(virtio.gsoType(view, AT), virtio.Gso.Tcpv4);
    assert.ok(virtio.hasEcn(view, AT) && virtio.needsChecksum(view, AT));
    assert.deepEqual([virtio.gsoSize(view, AT), virtio.headerLengthHint(view, AT)], [1448, 54]);
    virtio.clear(view, AT);
    assert.ok(buffer.slice(AT, AT + 10).every(byte => byte === 0));
  });
});
