/**
 * A WebAssembly module with one imported memory and one exported function, assembled from its instructions
 * (WebAssembly 2.0 §5, binary format). Enough for a kernel; not an assembler.
 */

/** Value types, as the binary format numbers them. */
export const ValueType = { I32: 0x7f, I64: 0x7e, V128: 0x7b } as const;

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** Types of the locals that follow the parameters, one entry each. */
  readonly locals: readonly number[];
  /** Instructions without the closing `end`. */
  readonly body: readonly number[];
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const Section = { Type: 1, Import: 2, Function: 3, Export: 7, Code: 10 } as const;
const FUNCTION_TYPE = 0x60;
const MEMORY = 0x02;
const LIMITS_AT_LEAST = 0x00;
const END = 0x0b;

/** The module's bytes. It imports its memory as `arena.memory`, of any size. */
export function assembleModule(fn: WasmFunction): Uint8Array {
  const locals = fn.locals.flatMap(type => [1, type]);
  const code = [...unsigned(fn.locals.length), ...locals, ...fn.body, END];
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(Section.Type, [1, FUNCTION_TYPE, ...vector(fn.parameters), ...vector(fn.results)]),
    ...section(Section.Import, [1, ...text("arena"), ...text("memory"), MEMORY, LIMITS_AT_LEAST, 0]),
    ...section(Section.Function, [1, 0]),
    ...section(Section.Export, [1, ...text(fn.name), 0, 0]),
    ...section(Section.Code, [1, ...unsigned(code.length), ...code]),
  ]);
}

/** LEB128 of an unsigned number below 2^31. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a signed 32-bit number. */
export function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly number[]): number[] {
  return [...unsigned(items.length), ...items];
}

function text(ascii: string): number[] {
  return vector(Array.from(ascii, char => char.charCodeAt(0)));
}
