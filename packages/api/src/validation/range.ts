/** Upstream's words for numbers out of their range. */

export const PORT_MAX = 65535;

export function between(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= PORT_MAX;
}
