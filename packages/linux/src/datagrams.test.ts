/** A server's datagrams over real sockets: more than a batch, of both families, and one that is too long. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Datagrams } from "./datagrams.ts";
import { LIMITS } from "./limits.ts";
import { Socket } from "./socket.ts";

describe("datagrams of a server", () => {
  for (const [family, address] of [
    [4, "127.0.0.1"],
    [6, "::1"],
  ] as const) {
    it(`are taken and answered in batches over IPv${family}`, async () => {
      const server = Socket.open({ family, type: "udp", nonBlocking: true });
      const client = createSocket(`udp${family}`);
      try {
        server.bind(address, 0);
        const { port } = server.local();
        client.bind(0, address);
        await once(client, "listening");
        const heard: string[] = [];
        client.on("message", (message, from) => heard.push(`${message} ${from.port === port}`));
        const count = LIMITS.serverDatagrams + 5;
        const send = (bytes: string | Uint8Array) =>
          new Promise<void>(resolve => client.send(bytes, port, address, () => resolve()));
        await send(new Uint8Array(LIMITS.serverDatagramBytes + 1));
        for (let i = 1; i < count; i++) await send(String(i));
        const datagrams = new Datagrams(server.fd);
        const seen: string[] = [];
        const answer = (datagram: Uint8Array, from: string, fromPort: number) => {
          seen.push(Buffer.from(datagram).toString());
          assert.deepEqual([from, fromPort], [address, client.address().port]);
          return seen.length % 2 === 0 ? undefined : Buffer.from(`to ${seen.at(-1)}`);
        };
        assert.equal(datagrams.serve(answer), true);
        assert.equal(datagrams.serve(answer), false);
        assert.equal(datagrams.serve(answer), false);
        assert.deepEqual(
          seen,
          Array.from({ length: count - 1 }, (_, i) => String(i + 1)),
        );
        const expected = seen.filter((_, i) => i % 2 === 0).map(text => `to ${text} true`);
        while (heard.length < expected.length) await once(client, "message");
        assert.deepEqual(heard, expected);
      } finally {
        client.close();
        server.close();
      }
    });
  }
});
