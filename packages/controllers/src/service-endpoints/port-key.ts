/** When two lists of ports are the same. */
import type { EndpointSlicePort } from "@podwire/api";

/** The same for the same ports in whatever order. */
export function portKey(ports: readonly EndpointSlicePort[] = []): string {
  const texts = ports.map(({ name, protocol, port, appProtocol }) =>
    JSON.stringify([name, protocol, port, appProtocol]),
  );
  return texts.sort().join();
}
