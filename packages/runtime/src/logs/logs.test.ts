import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { LIMITS } from "../limits.ts";
import { LineCutter, logTimestamp, parseEntry } from "./cri.ts";
import { LogFile } from "./log-file.ts";
import { type LogOptions, readLog } from "./log-reader.ts";

const seed = testSeed();

/** A pair of connected sockets: the writer's end, and the end that a LogFile drains. */
async function pipe(folder: string): Promise<[Socket, Socket]> {
  const server = createServer();
  const path = join(folder, "socket");
  await new Promise<void>(resolve => server.listen(path, resolve));
  const accepted = new Promise<Socket>(resolve => server.once("connection", resolve));
  const writer = connect(path);
  const reader = await accepted;
  server.close();
  return [writer, reader];
}

async function text(path: string, options: LogOptions = {}, log?: LogFile): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readLog(path, options, log)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("container logs", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `podwire-logs-${process.pid}-`));
    path = join(folder, "0.log");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes the CRI format", () => {
    assert.equal(logTimestamp(1475712 * 1e6 + 0.25), "2016-10-06T00:00:00.000250000Z");
    const cutter = new LineCutter("stdout", 8);
    const cut = (line: string): string => Buffer.concat(cutter.cut(Buffer.from(line), "T")).toString();
    assert.equal(cut("one\ntwo"), "T stdout F one\n");
    assert.equal(cut("\n\n"), "T stdout F two\nT stdout F \n");
    assert.equal(cut("12345678"), "T stdout P 12345678\n");
    assert.equal(cut("9\nrest"), "T stdout F 9\n");
    assert.equal(Buffer.concat(cutter.end("T")).toString(), "T stdout F rest\n");
    assert.equal(parseEntry(Buffer.from("T stdout")), undefined);
  });

  it("loses nothing, however the bytes arrive and whatever they are", () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }));
    const property = fc.property(chunks, fc.integer({ min: 1, max: 30 }), (parts, lineBytes) => {
      const cutter = new LineCutter("stderr", lineBytes);
      const entries = [...parts.flatMap(part => cutter.cut(Buffer.from(part), "T")), ...cutter.end("T")];
      const stored = Buffer.concat(entries);
      const out: Buffer[] = [];
      for (let from = 0; from < stored.length; ) {
        const end = stored.indexOf(10, from);
        const entry = parseEntry(stored.subarray(from, end))!;
        assert.ok(entry.text.length <= lineBytes);
        out.push(entry.text, Buffer.from(entry.full ? "\n" : ""));
        from = end + 1;
      }
      const written = Buffer.concat(parts);
      const read = Buffer.concat(out);
      // A last line without a newline gets one, unless it ended just where a long line is cut.
      const isSame = read.equals(written);
      assert.ok(isSame || read.equals(Buffer.concat([written, Buffer.from("\n")])));
    });
    fc.assert(property, { seed, numRuns: 500 });
  }).timeout(10_000);

  it("reads the last lines, with timestamps, from a moment on, and no more than so much", async () => {
    writeFileSync(
      `${path}.1`,
      "2026-01-01T00:00:01.000000000Z stdout F one\n2026-01-01T00:00:02.000000000Z stderr F two\n",
    );
    writeFileSync(
      path,
      "2026-01-01T00:00:03.000000000Z stdout P thr\n2026-01-01T00:00:03.000000000Z stdout F ee\n" +
        "2026-01-01T00:00:04.000000000Z stdout F four\n",
    );
    assert.equal(await text(path), "one\ntwo\nthree\nfour\n");
    assert.equal(await text(path, { tailLines: 1 }), "four\n");
    assert.equal(await text(path, { tailLines: 2 }), "three\nfour\n");
    assert.equal(await text(path, { tailLines: 3 }), "two\nthree\nfour\n");
    assert.equal(await text(path, { tailLines: 9 }), "one\ntwo\nthree\nfour\n");
    assert.equal(await text(path, { tailLines: 0 }), "");
    assert.equal(await text(path, { limitBytes: 6 }), "one\ntw");
    assert.equal(await text(path, { sinceTimeMs: Date.parse("2026-01-01T00:00:03Z") }), "three\nfour\n");
    assert.equal(
      await text(path, { tailLines: 2, timestamps: true }),
      "2026-01-01T00:00:03.000000000Z three\n2026-01-01T00:00:04.000000000Z four\n",
    );
  });

  it("agrees with a slow reader on the last lines of a long log", async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `${n} ${"x".repeat((n * 7919) % 300)}`);
    writeFileSync(path, lines.map(line => `2026-01-01T00:00:00.000000000Z stdout F ${line}\n`).join(""));
    for (const count of [1, 10, 999, 4999, 5000, 6000]) {
      const expected = lines
        .slice(-count)
        .map(line => `${line}\n`)
        .join("");
      assert.equal(await text(path, { tailLines: count }), expected, String(count));
    }
  });

  it("follows what is written, across rotation, to the end", async () => {
    const log = new LogFile(path);
    const [writer, reader] = await pipe(folder);
    const drained = log.drain("stdout", reader);
    const line = `${"y".repeat(1000)}\n`;
    const lines = 25_000;
    let received = 0;
    const following = (async () => {
      for await (const part of readLog(path, { follow: true }, log)) received += part.length;
    })();
    for (let count = 0; count < lines; count++) {
      if (!writer.write(line)) await new Promise(resolve => writer.once("drain", resolve));
    }
    writer.end();
    await drained;
    await following;
    assert.ok(log.rotations >= 2);
    assert.equal(received, lines * line.length);
    const stored = statSync(path).size + statSync(`${path}.1`).size;
    assert.ok(stored <= 2 * LIMITS.logFileBytes + LIMITS.logReadBytes * 2, `${stored} bytes on disk`);
    assert.equal(existsSync(`${path}.2`), false);
    assert.ok(readFileSync(path).toString("latin1").startsWith("20"), "files begin with a whole entry");
  }).timeout(15_000);

  it("stops following when the reader goes away", async () => {
    const log = new LogFile(path);
    const [writer, reader] = await pipe(folder);
    const drained = log.drain("stdout", reader);
    const abort = new AbortController();
    writer.write("first\n");
    const seen: string[] = [];
    for await (const part of readLog(path, { follow: true }, log, abort.signal)) {
      seen.push(part.toString());
      abort.abort();
    }
    assert.deepEqual(seen, ["first\n"]);
    writer.end();
    await drained;
  });
});
