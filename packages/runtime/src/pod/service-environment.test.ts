import assert from "node:assert/strict";
import type { Pod } from "@podwire/api";
import { type ServiceAddress, serviceEnvironment } from "./service-environment.ts";

function service(
  namespace: string,
  name: string,
  address: string,
  ...ports: ServiceAddress["ports"]
): ServiceAddress {
  return { namespace, name, clusterIps: [address], ports };
}

function pod(namespace: string, enableServiceLinks?: boolean): Pod {
  return {
    metadata: { namespace, name: "web" },
    spec: { containers: [], enableServiceLinks },
  } as unknown as Pod;
}

const kubernetes = service("default", "kubernetes", "10.96.0.1", {
  name: "https",
  protocol: "TCP",
  port: 443,
});
const dns = service(
  "shop",
  "name-server",
  "fd00:10:96::a",
  { name: "dns", protocol: "UDP", port: 53 },
  { name: "dns-tcp", protocol: "TCP", port: 53 },
);
const services = (namespace: string) => [kubernetes, dns].filter(each => each.namespace === namespace);

describe("serviceEnvironment", () => {
  it("names host and ports of the Services of the namespace, as links of old did", () => {
    const environment = serviceEnvironment(pod("shop"), services);
    assert.deepEqual(
      [...environment].filter(([name]) => name.startsWith("NAME_SERVER")),
      [
        ["NAME_SERVER_SERVICE_HOST", "fd00:10:96::a"],
        ["NAME_SERVER_SERVICE_PORT", "53"],
        ["NAME_SERVER_SERVICE_PORT_DNS", "53"],
        ["NAME_SERVER_SERVICE_PORT_DNS_TCP", "53"],
        ["NAME_SERVER_PORT", "udp://[fd00:10:96::a]:53"],
        ["NAME_SERVER_PORT_53_UDP", "udp://[fd00:10:96::a]:53"],
        ["NAME_SERVER_PORT_53_UDP_PROTO", "udp"],
        ["NAME_SERVER_PORT_53_UDP_PORT", "53"],
        ["NAME_SERVER_PORT_53_UDP_ADDR", "fd00:10:96::a"],
        ["NAME_SERVER_PORT_53_TCP", "tcp://[fd00:10:96::a]:53"],
        ["NAME_SERVER_PORT_53_TCP_PROTO", "tcp"],
        ["NAME_SERVER_PORT_53_TCP_PORT", "53"],
        ["NAME_SERVER_PORT_53_TCP_ADDR", "fd00:10:96::a"],
      ],
    );
    assert.equal(environment.get("KUBERNETES_SERVICE_HOST"), "10.96.0.1");
  });

  it("names the API server also where links are not wanted", () => {
    const environment = serviceEnvironment(pod("shop", false), services);
    assert.deepEqual(
      [...environment.keys()].filter(name => !name.startsWith("KUBERNETES_")),
      [],
    );
    assert.equal(environment.get("KUBERNETES_SERVICE_PORT_HTTPS"), "443");
  });
});
