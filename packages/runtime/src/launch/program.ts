/**
 * A static executable made of a list of system calls: what a container's image cannot be asked to have (a shell,
 * setpriv, env) is written out for each start. A call that must not fail says what it was about, and the program
 * ends.
 *
 *   file, and memory at DATA_ADDRESS    headers | data: texts, argument vectors, buffers     read, write
 *   memory at CODE_ADDRESS + offset     code                                                 read, execute
 */
import { type Architecture, type Call, type Label, type Machine, machineFor } from "./machine.ts";

/** A C string, a vector of them or a buffer: its address in the program. */
export type Address = number;

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SEGMENTS = 3;
const HEADERS_BYTES = ELF_HEADER_BYTES + SEGMENTS * PROGRAM_HEADER_BYTES;
const DATA_ADDRESS = 0x10000000;
const CODE_ADDRESS = 0x20000000;
/** A multiple of every page size that Linux uses on these machines (4 to 64 KiB). */
const PAGE_BYTES = 0x10000;
const WORD_BYTES = 8;

export const AT_FDCWD = -100;

export interface Complaints {
  descriptor: number;
  exitCode: number;
  /** File to empty on the way out: it said that all had gone well. */
  withdraw?: number;
}

export class Program {
  readonly #architecture: Architecture;
  readonly #machine: Machine;
  readonly #complaints: Complaints;
  readonly #data: Buffer[] = [];
  readonly #texts = new Map<string, Address>();
  readonly #failures: { label: Label; message: string }[] = [];
  #dataBytes = 0;
  #labels = 0;

  constructor(architecture: Architecture, complaints: Complaints) {
    this.#architecture = architecture;
    this.#machine = machineFor(architecture);
    this.#complaints = complaints;
  }

  text(value: string): Address {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    const address = this.buffer(Buffer.from(`${value}\0`));
    this.#texts.set(value, address);
    return address;
  }

  /** A NULL-terminated array of C strings, as execve(2) wants it. */
  vector(values: readonly string[]): Address {
    const words = Buffer.alloc((values.length + 1) * WORD_BYTES);
    values.forEach((value, index) => {
      words.writeBigUInt64LE(BigInt(this.buffer(Buffer.from(`${value}\0`))), index * WORD_BYTES);
    });
    return this.buffer(words);
  }

  numbers(values: readonly number[]): Address {
    const words = Buffer.alloc(Math.max(1, values.length) * 4);
    values.forEach((value, index) => {
      words.writeUInt32LE(value, index * 4);
    });
    return this.buffer(words);
  }

  buffer(bytes: Buffer): Address {
    const padded = Buffer.alloc(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
    bytes.copy(padded);
    const address = DATA_ADDRESS + HEADERS_BYTES + this.#dataBytes;
    this.#data.push(padded);
    this.#dataBytes += padded.length;
    return address;
  }

  /** A call whose failure ends the program with this message. */
  must(message: string, call: Call, ...args: number[]): void {
    this.#machine.call(call, args);
    const label = this.label();
    this.#failures.push({ label, message });
    this.#machine.onFailure(label);
  }

  /** A call whose failure does not matter, or leads elsewhere. */
  may(call: Call, ...args: number[]): void {
    this.#machine.call(call, args);
  }

  onFailure(label: Label): void {
    this.#machine.onFailure(label);
  }

  jump(label: Label): void {
    this.#machine.jump(label);
  }

  label(): Label {
    return this.#labels++;
  }

  define(label: Label): void {
    this.#machine.define(label);
  }

  store(address: Address, value: number): void {
    this.#machine.store(address, value);
  }

  /** Writes a line to where complaints go, and exits. */
  giveUp(message: string): void {
    const { descriptor, exitCode } = this.#complaints;
    const line = `${message}\n`;
    this.may("write", descriptor, this.text(line), Buffer.byteLength(line));
    this.may("exit_group", exitCode);
  }

  finish(): Buffer {
    const say = this.label();
    for (const { label, message } of this.#failures) {
      this.define(label);
      this.#machine.complain(this.text(message), Buffer.byteLength(message), say);
    }
    this.define(say);
    const before = ": error ";
    const suffix = this.buffer(Buffer.from(`${before}000\n`));
    const { descriptor, exitCode, withdraw } = this.#complaints;
    const bytes = before.length + 4;
    this.#machine.say(descriptor, { address: suffix, bytes, digits: suffix + before.length });
    if (withdraw !== undefined) this.may("ftruncate", withdraw, 0);
    this.may("exit_group", exitCode);
    return this.#elf(this.#machine.finish());
  }

  #elf(code: Buffer): Buffer {
    const dataEnd = HEADERS_BYTES + this.#dataBytes;
    const headers = Buffer.alloc(HEADERS_BYTES);
    // e_ident: magic, 64 bit, little endian, version 1, System V.
    headers.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
    headers.writeUInt16LE(2, 16); // e_type: executable
    headers.writeUInt16LE(this.#architecture === "x64" ? 62 : 183, 18);
    headers.writeUInt32LE(1, 20); // e_version
    headers.writeBigUInt64LE(BigInt(CODE_ADDRESS + dataEnd), 24); // e_entry
    headers.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32); // e_phoff
    headers.writeUInt16LE(ELF_HEADER_BYTES, 52);
    headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
    headers.writeUInt16LE(SEGMENTS, 56); // e_phnum
    const [load, stack, readWrite, readExecute] = [1, 0x6474e551, 6, 5];
    segment(headers, 0, load, readWrite, 0, DATA_ADDRESS, dataEnd);
    segment(headers, 1, load, readExecute, dataEnd, CODE_ADDRESS + dataEnd, code.length);
    // Without PT_GNU_STACK the kernel would make the stack executable.
    segment(headers, 2, stack, readWrite, 0, 0, 0);
    return Buffer.concat([headers, ...this.#data, code]);
  }
}

function segment(
  headers: Buffer,
  index: number,
  type: number,
  flags: number,
  offset: number,
  address: number,
  bytes: number,
): void {
  const at = ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
  headers.writeUInt32LE(type, at);
  headers.writeUInt32LE(flags, at + 4);
  const words = [offset, address, address, bytes, bytes, PAGE_BYTES]; // offset, vaddr, paddr, filesz, memsz, align
  for (const [word, value] of words.entries()) headers.writeBigUInt64LE(BigInt(value), at + 8 + word * 8);
}
