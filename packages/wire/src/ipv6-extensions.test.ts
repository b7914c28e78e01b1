/** The walk over extension headers, on chains built from a list, and on any bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Fit } from "./fit.ts";
import * as ipv6 from "./ipv6.ts";
import {
  fragmentIdentification,
  fragmentOffset,
  moreFragments,
  walk,
  walkedFragment,
  walkedProtocol,
  walkedTransport,
} from "./ipv6-extensions.ts";
import { Protocol } from "./protocol.ts";

if (process.env.PODWIRE_SEED) fc.configureGlobal({ seed: Number(process.env.PODWIRE_SEED) });

interface Extension {
  readonly protocol: number;
  /** In units of 8 bytes. */
  readonly length: number;
}

/** A packet of extension headers and four bytes of transport. */
function packetOf(extensions: readonly Extension[], transport: number, fragmentWord = 1): DataView {
  const bytes = extensions.reduce((sum, { length }) => sum + length * 8, 0);
  const view = new DataView(new ArrayBuffer(40 + bytes + 4));
  const protocols = [...extensions.map(({ protocol }) => protocol), transport];
  ipv6.writeFixed(view, 0, bytes + 4, protocols[0]!, 64);
  let at = 40;
  for (const [i, { protocol, length }] of extensions.entries()) {
    view.setUint8(at, protocols[i + 1]!);
    view.setUint8(at + 1, protocol === Protocol.Fragment ? 0 : length - 1);
    if (protocol === Protocol.Fragment) {
      view.setUint16(at + 2, fragmentWord);
      view.setUint32(at + 4, 0xdeadbeef);
    }
    at += length * 8;
  }
  return view;
}

const HOP_BY_HOP = { protocol: Protocol.HopByHop, length: 1 };
const FRAGMENT = { protocol: Protocol.Fragment, length: 1 };
const ROUTING = { protocol: Protocol.Routing, length: 2 };

describe("walking IPv6 extension headers", () => {
  it("finds protocol, transport and fragment header of any chain", () => {
    const extension = fc.record({
      protocol: fc.constantFrom(Protocol.Routing, Protocol.DestinationOptions),
      length: fc.integer({ min: 1, max: 30 }),
    });
    const before = fc.array(extension, { maxLength: 3 });
    fc.assert(
      fc.property(
        before,
        fc.boolean(),
        before,
        fc.constantFrom(6, 17, 58, 132, 50, 59, 253),
        (head, isFragment, tail, transport) => {
          const chain = [...head, ...(isFragment ? [FRAGMENT] : []), ...tail];
          const walked = walk(packetOf(chain, transport), 0);
          const bytes = (extensions: Extension[]) =>
            extensions.reduce((sum, { length }) => sum + 8 * length, 40);
          assert.equal(walkedProtocol(walked), transport);
          assert.equal(walkedTransport(walked), bytes(chain));
          assert.equal(walkedFragment(walked), isFragment ? bytes(head) : 0);
        },
      ),
    );
  });

  it("ends behind the fragment header of a later fragment", () => {
    const view = packetOf([FRAGMENT, ROUTING], Protocol.Tcp, (1400 & 0xfff8) | 1);
    const walked = walk(view, 0);
    assert.equal(walkedProtocol(walked), Protocol.Routing);
    assert.equal(walkedTransport(walked), 48);
    assert.equal(fragmentOffset(view, walkedFragment(walked)), 1400);
    assert.equal(moreFragments(view, walkedFragment(walked)), true);
    assert.equal(fragmentIdentification(view, walkedFragment(walked)), 0xdeadbeef);
  });

  it("refuses hop-by-hop options that are not first, and a second fragment header", () => {
    assert.ok(walk(packetOf([HOP_BY_HOP], Protocol.Tcp), 0) > 0);
    assert.equal(walk(packetOf([ROUTING, HOP_BY_HOP], Protocol.Tcp), 0), -Fit.BadExtension);
    assert.equal(walk(packetOf([FRAGMENT, FRAGMENT], Protocol.Tcp), 0), -Fit.BadExtension);
  });

  it("stops at its bounds", () => {
    assert.ok(walk(packetOf(new Array<Extension>(8).fill(ROUTING), Protocol.Tcp), 0) > 0);
    assert.equal(
      walk(packetOf(new Array<Extension>(9).fill(ROUTING), Protocol.Tcp), 0),
      -Fit.TooManyExtensions,
    );
    const long = { protocol: Protocol.Routing, length: 256 };
    assert.ok(walk(packetOf(new Array<Extension>(7).fill(long), Protocol.Tcp), 0) > 0);
    assert.equal(walk(packetOf(new Array<Extension>(8).fill(long), Protocol.Tcp), 0), -Fit.TooManyExtensions);
  });

  it("says when a header is cut off", () => {
    const view = packetOf([ROUTING], Protocol.Tcp);
    ipv6.setPayloadLength(view, 0, 15);
    assert.equal(walk(view, 0), -Fit.BadHeaderLength);
    ipv6.setPayloadLength(view, 0, 7);
    assert.equal(walk(view, 0), -Fit.TooShort);
  });

  it("reads nothing beyond the packet, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 40, maxLength: 120 }),
        fc.constantFrom(0, 43, 44, 60, 6),
        (data, next) => {
          const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
          ipv6.writeFixed(view, 0, data.length - 40, next, 64);
          for (let at = 40; at < data.length; at += 8) data[at] = [0, 43, 44, 60, 6][data[at]! % 5]!;
          const walked = walk(view, 0);
          return walked < 0 || walkedTransport(walked) <= data.length;
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
