/** The Service rows of `kubectl get services`: printService. */
import type { Service } from "../../core/service.ts";
import { labelsCell, loadBalancerAddresses, NONE } from "../cells.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../entry.ts";
import type { Column } from "../kind.ts";

function externalCell({ spec, status }: Service): string {
  const { type, externalIPs = [], externalName = "" } = spec;
  switch (type) {
    case "LoadBalancer":
      return [...loadBalancerAddresses(status), ...externalIPs].join(",") || "<pending>";
    case "ExternalName":
      return externalName;
    case "ClusterIP":
    case "NodePort":
      return externalIPs.join(",") || NONE;
    default:
      return "<unknown>";
  }
}

/** `80/TCP,443:30443/TCP` */
function portsCell({ spec: { ports = [] } }: Service): string {
  const texts = ports.map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return texts.join(",") || NONE;
}

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  column("Type", "How the Service is exposed", object => object.spec.type ?? ""),
  column("Cluster-IP", "Its address in the cluster", object => object.spec.clusterIPs?.[0] ?? NONE),
  column("External-IP", "Its addresses outside of the cluster", externalCell),
  column("Port(s)", "Its ports, those on the nodes after a colon", portsCell),
  ageColumn,
  wideColumn("Selector", "The Pods that it leads to", object => labelsCell(object.spec.selector)),
];
