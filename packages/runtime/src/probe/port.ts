/** The port of a probe or hook: a number, or the name of one of the container's ports. */
import type { Container } from "@podwire/api";

export function resolvePort(port: number | string, container: Container): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number =
    typeof port === "number" ? port : (named ?? (/^\d+$/.test(port) ? Number(port) : Number.NaN));
  if (Number.isNaN(number)) throw new Error(`couldn't find port: ${port} in container ${container.name}`);
  if (number < 1 || number > 65535) throw new Error(`invalid port number: ${number}`);
  return number;
}
