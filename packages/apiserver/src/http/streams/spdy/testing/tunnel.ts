/** A client's WebSocket for tests, as a stream of bytes: what a library will not open for a name that is no token. */
import { Duplex } from "node:stream";

export function overWebSocket(socket: Duplex): Duplex {
  let held: Buffer = Buffer.alloc(0);
  const tunnel = new Duplex({
    read: () => {},
    // Masked with zeroes, which leaves the bytes as they are (RFC 6455 §5.3).
    write: (bytes: Buffer, _encoding, done) => {
      const header = Buffer.alloc(14);
      header[0] = 0x82;
      header[1] = 0x80 | 127;
      header.writeBigUInt64BE(BigInt(bytes.length), 2);
      socket.write(Buffer.concat([header, bytes]), () => done());
    },
  });
  socket.on("data", (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    for (let frame = firstFrame(held); frame !== undefined; frame = firstFrame(held)) {
      held = held.subarray(frame.end);
      if (frame.isBinary) tunnel.push(frame.payload);
    }
  });
  socket.once("close", () => tunnel.push(null));
  return tunnel;
}

function firstFrame(bytes: Buffer): { payload: Buffer; isBinary: boolean; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const at = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < at) return undefined;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < at + length) return undefined;
  return { payload: bytes.subarray(at, at + length), isBinary: (bytes[0]! & 0x0f) === 2, end: at + length };
}
