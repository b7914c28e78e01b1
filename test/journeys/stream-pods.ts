/** Pods that the journeys of streams meet, and what is said to them. */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Pod } from "@podwire/api";
import { podManifest } from "./lab.ts";

/**
 * A server of port 7000: `SEND n` is answered with n bytes of a pattern; `TAKE` and what follows, to its end, with
 * their hash.
 */
const SERVER = `
const { createHash } = require("node:crypto");
const block = Buffer.from(Array.from({ length: 65536 }, (_, at) => (at * 7 + (at >> 8)) % 256));
async function* pattern(left) {
  for (; left > 0; left -= block.length) yield block.subarray(0, Math.min(left, block.length));
}
require("node:net").createServer({ allowHalfOpen: true }, async socket => {
  socket.on("error", () => {});
  let asked;
  const hash = createHash("sha256");
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    let rest = bytes;
    if (asked === undefined) {
      const end = bytes.indexOf(10);
      asked = bytes.toString("latin1", 0, end);
      rest = bytes.subarray(end + 1);
      if (asked.startsWith("SEND")) break;
    }
    hash.update(rest);
  }
  if (!asked?.startsWith("SEND")) return void socket.end(hash.digest("hex"));
  require("node:stream").Readable.from(pattern(Number(asked.slice(5)))).pipe(socket);
}).listen(7000, "127.0.0.1", () => console.log("listening"));
`;

export function transferPod(name: string): Pod {
  return podManifest(name, { command: [process.execPath, "-e", SERVER] });
}

export function consolePod(name: string, script: string, container: object = {}): Pod {
  const pod = podManifest(name, { command: ["sh", "-c", script], spec: { restartPolicy: "Never" } });
  Object.assign(pod.spec.containers[0]!, container);
  return pod;
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The pattern that the server sends. */
export function patternHash(length: number): string {
  const block = Buffer.from(Array.from({ length: 65536 }, (_, at) => (at * 7 + (at >> 8)) % 256));
  const hash = createHash("sha256");
  for (let left = length; left > 0; left -= block.length)
    hash.update(block.subarray(0, Math.min(left, block.length)));
  return hash.digest("hex");
}

/** Sends all of it, closes that way, and reads to the end. */
export async function exchange(port: number, request: Buffer | string): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(request);
  return buffer(socket);
}
