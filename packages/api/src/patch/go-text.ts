/** JSON values as Go prints them, for messages whose words are upstream's. */

/** `fmt.Sprint` of a decoded JSON value: `map[image:web ports:[80]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${members.map(([key, each]) => `${key}:${goText(each)}`).join(" ")}]`;
  }
  return String(value);
}

/** The Go type that a JSON value is decoded to. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "object":
      return "map[string]interface {}";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    default:
      return "string";
  }
}

/** `%#v` of a decoded JSON value: `map[string]interface {}{"image":"web"}`. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (typeof value === "object") {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    const inner = members.map(([key, each]) => `${JSON.stringify(key)}:${goSyntax(each)}`).join(", ");
    return `map[string]interface {}{${inner}}`;
  }
  return JSON.stringify(value);
}
