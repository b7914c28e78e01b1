/** The entry for Endpoints. */
import { type Endpoints, endpoints } from "../../core/endpoints.ts";
import { firstOf, NONE } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";
import { validateEndpoints } from "./validate.ts";

function endpointsCell({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return NONE;
  const texts = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  return firstOf(texts, "");
}

const hostPort = (ip: string, port: number) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);

export const endpointsKind: Kind<Endpoints> = kindEntry<Endpoints>({
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  schema: endpoints,
  validate: validateEndpoints,
  createsOnUpdate: true,
  singular: "endpoints",
  listKind: "EndpointsList",
  columns: [
    nameColumn,
    column("Endpoints", "The addresses that are ready, with their ports", endpointsCell),
    ageColumn,
  ],
});
