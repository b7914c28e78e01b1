/** An underlay for tests that need no lab. */
import type { Children } from "../children.ts";
import { holdNetworkNamespace, inNetworkOf } from "../kernel-overlay.ts";
import type { UnderlayNode } from "../variant.ts";

export const UNDERLAY_MTU = 1500;

/** Two network namespaces joined by a veth pair: the smallest underlay there is. */
export async function startUnderlay(children: Children): Promise<[UnderlayNode, UnderlayNode]> {
  const pids = [await holdNetworkNamespace(children), await holdNetworkNamespace(children)] as const;
  inNetworkOf(pids[1], (peer, namespace) => {
    inNetworkOf(pids[0], own => {
      own.createVeth({ name: "underlay", peerName: "underlay", peerNamespace: namespace, mtu: UNDERLAY_MTU });
      own.setLink("underlay", { up: true });
      own.addAddress("underlay", "192.0.2.1/24");
    });
    peer.setLink("underlay", { up: true });
    peer.addAddress("underlay", "192.0.2.2/24");
  });
  return [
    { name: "a", pid: pids[0], address: "192.0.2.1" },
    { name: "b", pid: pids[1], address: "192.0.2.2" },
  ];
}
