/** A tar writer for tests, which also writes what no archive should hold. */

export interface TestEntry {
  name: string;
  /** Type flag of the header; default: a file, or a directory where the name ends with a slash. */
  type?: string;
  data?: Buffer | string;
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  /** What the header says, where that is not the length of the data. */
  size?: number;
  /** Written as a pax header before the entry. */
  pax?: Record<string, Buffer | string>;
}

const BLOCK_BYTES = 512;

export function tar(entries: readonly TestEntry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * BLOCK_BYTES)]);
}

export function entryBytes(entry: TestEntry): Buffer {
  const data = Buffer.from(entry.data ?? "");
  const before = entry.pax ? [entryBytes({ name: "pax", type: "x", data: paxData(entry.pax) })] : [];
  return Buffer.concat([
    ...before,
    header(entry, data),
    data,
    Buffer.alloc(-data.length & (BLOCK_BYTES - 1)),
  ]);
}

/** A name too long for its field, as GNU tar writes it. */
export function gnuLongName(name: string): Buffer {
  return entryBytes({ name: "././@LongLink", type: "L", data: `${name}\0` });
}

function header(entry: TestEntry, data: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  };
  const isFolder = entry.name.endsWith("/");
  block.write(entry.name.slice(0, 100), 0);
  octal(entry.mode ?? (isFolder ? 0o755 : 0o644), 100, 7);
  octal(entry.uid ?? 0, 108, 7);
  octal(entry.gid ?? 0, 116, 7);
  octal(entry.size ?? data.length, 124, 11);
  octal(entry.mtime ?? 1_700_000_000, 136, 11);
  block.write(entry.type ?? (isFolder ? "5" : "0"), 156);
  block.write(entry.link ?? "", 157);
  block.write("ustar\0" + "00", 257, "latin1");
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function paxData(records: Record<string, Buffer | string>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
      let length = body.length + 1;
      while (String(length).length + body.length !== length) length = String(length).length + body.length;
      return Buffer.concat([Buffer.from(String(length)), body]);
    }),
  );
}
