/**
 * The slow twins of the checksum kernel: one plainly RFC 1071, byte by byte, for the tests; and the fastest loop
 * over 32-bit words that plain JavaScript has, which the benchmark holds against the kernel.
 */

export function sumBytes(bytes: Uint8Array, at: number, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += bytes[at + i]! * (i % 2 === 0 ? 256 : 1);
  while (total > 0xffff) total = Math.floor(total / 0x10000) + (total % 0x10000);
  return total;
}

export function sumWords(view: DataView, at: number, count: number): number {
  const end = at + count;
  let low = 0;
  let high = 0;
  let i = at;
  for (; i + 4 <= end; i += 4) {
    const word = view.getUint32(i);
    low += word & 0xffff;
    high += word >>> 16;
  }
  let total = low + high;
  for (; i + 2 <= end; i += 2) total += view.getUint16(i);
  if (i < end) total += view.getUint8(i) << 8;
  while (total > 0xffff) total = Math.floor(total / 0x10000) + (total % 0x10000);
  return total;
}
