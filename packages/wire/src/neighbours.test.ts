import assert from "node:assert/strict";
import * as arp from "./arp.ts";
import { Fit } from "./fit.ts";
import * as ndp from "./ndp.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const view = (of: Uint8Array) => new DataView(of.buffer, of.byteOffset, of.byteLength);
const MAC = bytes("0200 0000 000a");
const ASKER = bytes("0200 0000 0002");

describe("ARP", () => {
  const request = bytes(
    "ffffffffffff 020000000002 0806 0001 0800 0604 0001 020000000002 ac1e0002 000000000000 ac1eff01",
  );

  it("reads a request", () => {
    assert.equal(arp.fits(view(request), 0, request.length), Fit.Ok);
    assert.equal(arp.operation(view(request), 0), arp.Operation.Request);
    assert.equal(hex(request.subarray(arp.targetAddressAt(0)).subarray(0, 4)), "ac1eff01");
    for (let cut = 0; cut < request.length; cut++) assert.notEqual(arp.fits(view(request), 0, cut), Fit.Ok);
    for (const at of [12, 14, 16, 18, 19]) {
      const damaged = request.slice();
      damaged[at]! ^= 1;
      assert.notEqual(arp.fits(view(damaged), 0, damaged.length), Fit.Ok);
    }
  });

  it("answers it, and announces", () => {
    const vip = bytes("ac1eff01");
    assert.equal(
      hex(arp.reply(MAC, vip, ASKER, bytes("ac1e0002"))),
      "02000000000202000000000a080600010800060400020200000000" + "0aac1eff01020000000002ac1e0002",
    );
    assert.equal(
      hex(arp.announcement(MAC, vip)),
      "ffffffffffff02000000000a080600010800060400010200000000" + "0aac1eff01000000000000ac1eff01",
    );
  });
});

describe("neighbour discovery", () => {
  /** Linux asks whether fe80::48ed:ffff:febe:12af is free, with a nonce: captured. */
  const solicitation = bytes(
    "3333ffbe12af 4aedffbe12af 86dd 60000000 0020 3a ff 00000000000000000000000000000000" +
      "ff0200000000000000000001ffbe12af 8700 4bca 00000000 fe8000000000000048edfffffebe12af 0e015ea53ecd1719",
  );

  it("reads a solicitation, and no damaged one", () => {
    assert.equal(ndp.isSolicitation(view(solicitation), 0, solicitation.length), Fit.Ok);
    assert.equal(
      hex(solicitation.subarray(ndp.targetAt(0)).subarray(0, 16)),
      "fe8000000000000048edfffffebe12af",
    );
    assert.equal(hex(solicitation.subarray(ndp.sourceAt(0)).subarray(0, 16)), "00".repeat(16));
    for (let cut = 0; cut < solicitation.length; cut++)
      assert.notEqual(ndp.isSolicitation(view(solicitation), 0, cut), Fit.Ok);
    for (const at of [12, 20, 21, 54, 60, 70, 80]) {
      const damaged = solicitation.slice();
      damaged[at]! ^= 1;
      assert.notEqual(ndp.isSolicitation(view(damaged), 0, damaged.length), Fit.Ok, `byte ${at}`);
    }
  });

  it("answers it, and announces", () => {
    const vip = bytes("fd00000000000000000000000000ff01");
    const answer = ndp.advertisement(MAC, vip, ASKER, bytes("fd000000000000000000000000000002"));
    assert.match(
      hex(answer),
      /^02000000000202000000000a86dd6000000000203aff.*8800....60000000fd0+ff01020102000000000a$/,
    );
    const probe = ndp.advertisement(MAC, vip, ASKER, new Uint8Array(16));
    const told = ndp.announcement(MAC, vip);
    assert.equal(hex(probe), hex(told));
    assert.match(
      hex(told),
      /^33330000000102000000000a86dd.*ff020+18800....20000000fd0+ff01020102000000000a$/,
    );
  });
});
