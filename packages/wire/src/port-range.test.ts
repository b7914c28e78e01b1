/** Ranges of ports as text. */
import assert from "node:assert/strict";
import { formatPortRange, parsePortRange } from "./port-range.ts";

describe("port ranges", () => {
  it("are two ports in their order", () => {
    for (const text of ["30000-32767", "1-65535", "80-80"])
      assert.equal(formatPortRange(parsePortRange(text)!), text);
  });
  for (const text of ["", "80", "0-80", "81-80", "1-65536", "1-100000", "01-80", "1-80 ", "a-b", "1-2-3"]) {
    it(`are not ${JSON.stringify(text)}`, () => assert.equal(parsePortRange(text), undefined));
  }
});
