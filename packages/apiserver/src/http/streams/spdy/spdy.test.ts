/** SPDY/3.1: real bytes, whole connections over sockets, flow control, and a peer that sends nonsense. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { SPDY_MAX_STREAMS, SPDY_WINDOW_BYTES } from "../../../limits.ts";
import { SpdyConnection } from "./connection.ts";
import { SPDY_DICTIONARY } from "./dictionary.ts";
import { controlFrame, dataHeader, FLAG_FIN, FrameReader, type Incoming, Reset, Type } from "./frames.ts";
import { HeaderReader, HeaderWriter } from "./header-block.ts";
import type { SpdyStream } from "./stream.ts";
import { Peer } from "./testing/peer.ts";

const seed = testSeed();

const typeOf = (frame: Incoming | undefined) => (frame?.kind === "control" ? frame.type : frame?.kind);

describe("SPDY", () => {
  const sockets: Socket[] = [];
  const servers: ReturnType<typeof createServer>[] = [];

  /** A connection over a real socket; what the server does with each stream is `serve`'s to say. */
  async function start(
    serve: (stream: SpdyStream) => void,
  ): Promise<{ peer: Peer; connection: SpdyConnection }> {
    const server = createServer({ allowHalfOpen: true });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [accepted] = (await once(server, "connection")) as [Socket];
    sockets.push(client, accepted);
    client.on("error", () => {});
    return { peer: new Peer(client), connection: new SpdyConnection(accepted, Buffer.alloc(0), serve) };
  }

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  const echo = async (stream: SpdyStream) => {
    for await (const bytes of stream) await stream.write(bytes);
    stream.end();
  };

  it("has the dictionary of the draft", () => {
    assert.equal(SPDY_DICTIONARY.length, 1423);
    assert.equal(SPDY_DICTIONARY.subarray(0, 11).toString("hex"), "000000076f7074696f6e73");
  });

  it("reads the frames of a Go client, and writes blocks like them", () => {
    // By spdystream 0.5: SYN_STREAM of `error`, then of `data`, of one connection.
    const frames = [
      "800300010000003d0000000100000000000078f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45a024cc6461c0c0c0c0590489c44c50e2663400000000ffff",
      "800300010000001800000003000000000000c2aa15540a2512d209000000ffff",
    ];
    const reader = new HeaderReader();
    const read = [...new FrameReader().read(Buffer.from(frames.join(""), "hex"))].map(frame => {
      assert.equal(typeOf(frame), Type.synStream);
      return Object.fromEntries(
        reader.read(frame.kind === "control" ? frame.body.subarray(10) : Buffer.alloc(0)),
      );
    });
    const common = { port: "80", requestid: "0" };
    assert.deepEqual(read, [
      { streamtype: "error", ...common },
      { streamtype: "data", ...common },
    ]);
    const written = new HeaderWriter().write(new Map([["a", "b"]]));
    assert.equal(written.subarray(0, 6).toString("hex"), "78bbe3c6a7c2");
    assert.equal(written.subarray(-4).toString("hex"), "0000ffff");
  });

  it(`keeps one compression context a connection, however long (seed ${seed})`, () => {
    const name = fc.stringMatching(/^[a-z-]{1,20}$/);
    const blocks = fc.array(
      fc.dictionary(
        name,
        fc.string({ maxLength: 200 }).map(text => text.replaceAll("\0", "")),
      ),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(blocks, list => {
        const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
        for (const headers of list) {
          const entries = Object.entries(headers);
          assert.deepEqual([...reader.read(writer.write(new Map(entries)))], entries);
        }
      }),
      { seed, numRuns: 50 },
    );
  });

  it("refuses a header block that grows without end", () => {
    const bomb = new HeaderWriter().write(new Map([["a", "x".repeat(1_000_000)]]));
    assert.ok(bomb.length < 10_000);
    assert.throws(() => new HeaderReader().read(bomb), /header block/);
  });

  it("carries streams side by side, each closed one way at a time", async () => {
    const { peer } = await start(stream => void echo(stream));
    peer.open(1, { streamtype: "stdin" });
    peer.open(3, { streamtype: "data" });
    assert.equal(typeOf(await peer.next()), Type.synReply);
    assert.equal(typeOf(await peer.next()), Type.synReply);
    peer.data(3, "three");
    peer.data(1, "one", true);
    const answers = [];
    for (let left = 3; left > 0; left--) {
      const frame = await peer.next();
      assert.equal(frame?.kind, "data");
      if (frame?.kind === "data") answers.push([frame.stream, frame.bytes.toString(), frame.fin]);
    }
    assert.deepEqual(answers.sort(), [
      [1, "", true],
      [1, "one", false],
      [3, "three", false],
    ]);
  });

  it("answers PING, refuses what it has no room for, resets a stream that goes on after its end", async () => {
    const { peer } = await start(() => {});
    peer.socket.write(controlFrame(Type.ping, 0, 7));
    const pong = await peer.next();
    assert.deepEqual([typeOf(pong), pong?.kind === "control" && pong.body.readUInt32BE(0)], [Type.ping, 7]);
    peer.open(1, {}, FLAG_FIN);
    assert.equal(typeOf(await peer.next()), Type.synReply);
    peer.data(1, "late");
    const reset = await peer.next();
    assert.deepEqual(
      [typeOf(reset), reset?.kind === "control" && reset.body.readUInt32BE(4)],
      [Type.rstStream, Reset.protocolError],
    );
    for (let index = 0; index <= SPDY_MAX_STREAMS; index++) peer.open(3 + 2 * index);
    const refused = await peer.next(Type.rstStream);
    const reasons = refused?.kind === "control" && [
      refused.body.readUInt32BE(0),
      refused.body.readUInt32BE(4),
    ];
    assert.deepEqual(reasons, [3 + 2 * SPDY_MAX_STREAMS, Reset.refusedStream]);
  });

  it("stops reading from a peer that sends more than is taken, and says what was taken", async () => {
    let stream: SpdyStream | undefined;
    const { peer } = await start(opened => {
      stream = opened;
    });
    peer.open(1);
    await peer.next(Type.synReply);
    const total = 32 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024, "x");
    for (let sent = 0; sent < total; sent += chunk.length) peer.data(1, chunk, sent + chunk.length === total);
    // Both kernels are full: what is left waits at the peer.
    while (peer.socket.writableLength === 0 || !stream?.isFull)
      await new Promise(resolve => setImmediate(resolve));
    const waiting = peer.socket.writableLength;
    await new Promise(resolve => setTimeout(resolve, 50));
    assert.equal(peer.socket.writableLength, waiting);
    assert.ok(waiting > total / 2);
    const update = peer.next(Type.windowUpdate);
    let received = 0;
    for await (const bytes of stream!) received += bytes.length;
    assert.equal(received, total);
    const told = await update;
    assert.ok(told?.kind === "control" && told.body.readUInt32BE(4) >= SPDY_WINDOW_BYTES / 2);
  });

  it("keeps within the window of a peer that counts", async () => {
    let stream: SpdyStream | undefined;
    const { peer } = await start(opened => {
      stream = opened;
    });
    // SETTINGS: one entry, INITIAL_WINDOW_SIZE.
    peer.socket.write(controlFrame(Type.settings, 0, 1, 7, 1000));
    peer.open(1);
    await peer.next(Type.synReply);
    let isWritten = false;
    const written = stream!.write(Buffer.alloc(2500, "y")).then(() => {
      isWritten = true;
    });
    const first = await peer.next();
    assert.equal(first?.kind === "data" && first.bytes.length, 1000);
    assert.equal(isWritten, false);
    peer.socket.write(controlFrame(Type.windowUpdate, 0, 1, 1500));
    const second = await peer.next();
    assert.equal(second?.kind === "data" && second.bytes.length, 1500);
    await written;
    stream!.end();
    const end = await peer.next();
    assert.equal(end?.kind === "data" && end.fin, true);
  });

  it("closes with GOAWAY, after all that was written", async () => {
    const { peer, connection } = await start(async stream => {
      await stream.write(Buffer.from("last words"));
      stream.end();
      connection.close();
    });
    peer.open(1);
    const [reply, words, end, goAway] = [
      await peer.next(),
      await peer.next(),
      await peer.next(),
      await peer.next(),
    ];
    assert.deepEqual(
      [typeOf(reply), words?.kind === "data" && words.bytes.toString(), typeOf(end), typeOf(goAway)],
      [Type.synReply, "last words", "data", Type.goAway],
    );
    peer.socket.end();
    await connection.closed;
  });

  it("tells its streams when the peer has gone", async () => {
    let read: Promise<Buffer> | undefined;
    const { peer, connection } = await start(stream => {
      read = buffer(stream);
    });
    peer.open(1);
    peer.data(1, "half");
    await peer.next(Type.synReply);
    peer.socket.destroy();
    await connection.closed;
    await read;
  });

  it(`survives whatever it is sent: closed or going on, never stuck, nothing thrown (seed ${seed})`, async function () {
    this.timeout(60_000);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      fc
        .tuple(
          fc.integer({ min: 0, max: 12 }),
          fc.integer({ min: 0, max: 255 }),
          fc.uint8Array({ maxLength: 24 }),
        )
        .map(([type, flags, body]) => controlFrame(type, flags, Buffer.from(body))),
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.boolean(), fc.uint8Array({ maxLength: 30 }))
        .map(([id, fin, body]) => Buffer.concat([dataHeader(id, body.length, fin), body])),
      fc.integer({ min: 0, max: 9 }).map(id => {
        return controlFrame(
          Type.synStream,
          0,
          id,
          0,
          Buffer.alloc(2),
          new HeaderWriter().write(new Map([["port", "80"]])),
        );
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async pieces => {
        const { peer, connection } = await start(stream => void echo(stream));
        peer.socket.resume();
        for (const bytes of pieces) peer.socket.write(bytes);
        peer.socket.end();
        await connection.closed;
        for (const socket of sockets.splice(0)) socket.destroy();
        for (const server of servers.splice(0)) server.close();
      }),
      { seed, numRuns: 300 },
    );
  });
});
