/** `maxSurge: 25%` of a number of Pods (apimachinery/pkg/util/intstr). */
export function scaledValue(value: number | string, total: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) throw new Error(`invalid value for IntOrString: ${JSON.stringify(value)}`);
  return round === "up"
    ? Math.ceil((Number(percent) * total) / 100)
    : Math.floor((Number(percent) * total) / 100);
}
