/** Services by hand, and traffic to them as one line in and one line out. */
import assert from "node:assert/strict";
import type { Backend, ServiceRow } from "@podwire/tables";
import { checksum, ipv4, virtio } from "@podwire/wire";
import type { SimulatedCluster } from "./cluster.ts";
import { plain, transportIsValid, unwrap, words } from "./packets.ts";
import { packetOf, tupleText } from "./trace.ts";

export function backends(...texts: string[]): Backend[] {
  return texts.map(text => {
    const at = text.lastIndexOf(":");
    return { words: words(text.slice(0, at).replace(/[[\]]/g, "")), port: Number(text.slice(at + 1)) };
  });
}

/** A port of a Service; all backends take new flows unless `accepting` says how many of them do. */
export function service(
  address: string,
  protocol: number,
  port: number,
  to: string[],
  accepting = to.length,
  more: Partial<ServiceRow> = {},
): ServiceRow {
  return { words: words(address), protocol, port, backends: backends(...to), accepting, ...more };
}

/** Sends what a line describes and says who got what: "db: 10.244.0.2:40000 -> 10.244.1.2:8080". */
export function pass(cluster: SimulatedCluster, line: string): string {
  const { from, packet } = packetOf(cluster, line);
  cluster.inject(from, plain(packet));
  cluster.run();
  return arrived(cluster);
}

export function arrived(cluster: SimulatedCluster): string {
  const said: string[] = [];
  for (const name of cluster.pods.keys()) {
    for (const written of cluster.take(name)) {
      const packet = unwrap(written);
      const isPartial = (written[0]! & virtio.FLAG_NEEDS_CSUM) !== 0;
      assert.ok(isPartial || transportIsValid(packet), `damaged at ${name}: ${tupleText(packet)}`);
      assert.ok(packet[0]! >> 4 === 6 || isIpv4HeaderIntact(packet), `IPv4 header damaged at ${name}`);
      said.push(`${name}: ${tupleText(packet)}`);
    }
  }
  return said.join("; ") || `nobody: ${JSON.stringify(cluster.drops())}`;
}

export function isIpv4HeaderIntact(packet: Uint8Array): boolean {
  const view = new DataView(packet.buffer, packet.byteOffset);
  return checksum.isValid(checksum.sum(view, 0, ipv4.headerBytes(view, 0), 0));
}
