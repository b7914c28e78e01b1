/**
 * A pod's `eth0`: a TUN device in the pod's network namespace whose other end this daemon holds.
 *
 * A pod's address stands alone (/32, /128) and everything is routed into the device: whatever the pod sends,
 * to a neighbour too, comes to the data plane.
 */
import { closeNamespace, openNamespace, openTun, type Tun, withRtnetlink } from "@podwire/linux";
import { ensureAddress, isIpv6, quietIpv6 } from "./host-device.ts";
import { TUN_QUEUE_PACKETS } from "./limits.ts";

const POD_DEVICE = "eth0";

/**
 * Opens the device in the namespace of process `pid` and configures it; one that is there already, from before
 * a restart of the daemon, is attached to again, with the pod's connections intact.
 */
export function openPodDevice(pid: number, addresses: readonly string[], mtu: number): Tun {
  const namespace = openNamespace(pid);
  try {
    const tun = openTun({ name: POD_DEVICE, namespace, persistent: true, queueLength: TUN_QUEUE_PACKETS });
    quietIpv6(namespace, POD_DEVICE);
    withRtnetlink(namespace, network => {
      network.setLink("lo", { up: true });
      network.setLink(POD_DEVICE, { mtu, up: true });
      for (const address of addresses) {
        ensureAddress(network, POD_DEVICE, address);
        network.replaceRoute({ destination: isIpv6(address) ? "::/0" : "0.0.0.0/0", device: POD_DEVICE });
      }
    });
    return tun;
  } finally {
    closeNamespace(namespace);
  }
}
