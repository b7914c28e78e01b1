/** Ranges of ports as text, both ends included: `30000-32767`. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Undefined when the text is not two ports in their order. */
export function parsePortRange(text: string): PortRange | undefined {
  const [, first, last] = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.last <= 65_535 && range.first <= range.last ? range : undefined;
}

export function formatPortRange({ first, last }: PortRange): string {
  return `${first}-${last}`;
}
