/**
 * Machine code for straight lists of system calls, on x64 and arm64: a call with constant arguments, a jump where it
 * failed, and what to say then. Registers: Linux's system call conventions (syscall(2), "Architecture calling
 * conventions").
 */

export type Architecture = "x64" | "arm64";

/** Numbers of the calls: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const CALLS = {
  capget: { x64: 125, arm64: 90 },
  capset: { x64: 126, arm64: 91 },
  chdir: { x64: 80, arm64: 49 },
  close_range: { x64: 436, arm64: 436 },
  execve: { x64: 59, arm64: 221 },
  exit_group: { x64: 231, arm64: 94 },
  faccessat: { x64: 269, arm64: 48 },
  fcntl: { x64: 72, arm64: 25 },
  ftruncate: { x64: 77, arm64: 46 },
  ioctl: { x64: 16, arm64: 29 },
  mkdirat: { x64: 258, arm64: 34 },
  mount: { x64: 165, arm64: 40 },
  move_mount: { x64: 429, arm64: 429 },
  open_tree: { x64: 428, arm64: 428 },
  openat: { x64: 257, arm64: 56 },
  pivot_root: { x64: 155, arm64: 41 },
  prctl: { x64: 157, arm64: 167 },
  readlinkat: { x64: 267, arm64: 78 },
  setgroups: { x64: 116, arm64: 159 },
  setresgid: { x64: 119, arm64: 149 },
  setresuid: { x64: 117, arm64: 147 },
  setsid: { x64: 112, arm64: 157 },
  umask: { x64: 95, arm64: 166 },
  umount2: { x64: 166, arm64: 39 },
  unshare: { x64: 272, arm64: 97 },
  write: { x64: 1, arm64: 64 },
} as const;

export type Call = keyof typeof CALLS;

/** A place in the code, to be jumped to; it may be defined after its use. */
export type Label = number;

/** Writes one machine's instructions. Every method appends. */
export interface Machine {
  call(name: Call, args: readonly number[]): void;
  /** Jumps when the last call failed. */
  onFailure(label: Label): void;
  jump(label: Label): void;
  define(label: Label): void;
  /** Stores a 32-bit word at an address. */
  store(address: number, value: number): void;
  /** Remembers a message for `say`, and goes there. */
  complain(address: number, bytes: number, label: Label): void;
  /**
   * Writes the remembered message to a descriptor, then `suffix` with the last call's error number put into its
   * three bytes at `digits`.
   */
  say(descriptor: number, suffix: { address: number; bytes: number; digits: number }): void;
  /** The code, every jump resolved. */
  finish(): Buffer;
}

export function machineFor(architecture: Architecture): Machine {
  return architecture === "x64" ? new X64() : new Arm64();
}

abstract class Code {
  protected bytes: number[] = [];
  protected readonly labels = new Map<Label, number>();
  protected readonly jumps: { at: number; label: Label }[] = [];

  define(label: Label): void {
    this.labels.set(label, this.bytes.length);
  }

  finish(): Buffer {
    const code = Buffer.from(this.bytes);
    for (const { at, label } of this.jumps) {
      const target = this.labels.get(label);
      if (target === undefined) throw new Error(`label ${label} is not defined`);
      this.patch(code, at, target);
    }
    return code;
  }

  protected abstract patch(code: Buffer, at: number, target: number): void;

  protected emit(...bytes: number[]): void {
    for (const byte of bytes) this.bytes.push(byte);
  }

  protected word32(value: number): void {
    this.emit(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
  }
}

const MESSAGE_DIGITS = 3;

class X64 extends Code implements Machine {
  /** mov rdi|rsi|rdx|r10|r8|r9, imm64 */
  static readonly #ARGUMENT = [
    [0x48, 0xbf],
    [0x48, 0xbe],
    [0x48, 0xba],
    [0x49, 0xba],
    [0x49, 0xb8],
    [0x49, 0xb9],
  ] as const;

  call(name: Call, args: readonly number[]): void {
    for (const [index, value] of args.entries()) {
      this.emit(...X64.#ARGUMENT[index]!);
      this.#word64(value);
    }
    this.#system(CALLS[name].x64);
  }

  onFailure(label: Label): void {
    this.emit(0x48, 0x85, 0xc0); // test rax, rax
    this.emit(0x0f, 0x88); // js rel32
    this.#to(label);
  }

  jump(label: Label): void {
    this.emit(0xe9); // jmp rel32
    this.#to(label);
  }

  store(address: number, value: number): void {
    this.emit(0xc7, 0x04, 0x25); // mov dword [disp32], imm32
    this.word32(address);
    this.word32(value);
  }

  complain(address: number, bytes: number, label: Label): void {
    this.emit(0x49, 0xbc); // mov r12, imm64
    this.#word64(address);
    this.emit(0x49, 0xbd); // mov r13, imm64
    this.#word64(bytes);
    this.jump(label);
  }

  say(descriptor: number, suffix: { address: number; bytes: number; digits: number }): void {
    this.emit(0xf7, 0xd8); // neg eax
    this.emit(0xbb, 10, 0, 0, 0); // mov ebx, 10
    for (let digit = MESSAGE_DIGITS - 1; digit >= 0; digit--) {
      this.emit(0x31, 0xd2, 0xf7, 0xf3); // xor edx, edx; div ebx
      this.emit(0x80, 0xc2, 0x30); // add dl, '0'
      this.emit(0x88, 0x14, 0x25); // mov [disp32], dl
      this.word32(suffix.digits + digit);
    }
    this.emit(0x48, 0xbf); // mov rdi, imm64
    this.#word64(descriptor);
    this.emit(0x4c, 0x89, 0xe6, 0x4c, 0x89, 0xea); // mov rsi, r12; mov rdx, r13
    this.#system(CALLS.write.x64);
    this.call("write", [descriptor, suffix.address, suffix.bytes]);
  }

  protected patch(code: Buffer, at: number, target: number): void {
    code.writeInt32LE(target - (at + 4), at);
  }

  #system(number: number): void {
    this.emit(0xb8); // mov eax, imm32
    this.word32(number);
    this.emit(0x0f, 0x05); // syscall
  }

  #to(label: Label): void {
    this.jumps.push({ at: this.bytes.length, label });
    this.word32(0);
  }

  #word64(value: number): void {
    const wide = BigInt.asUintN(64, BigInt(value));
    for (let shift = 0n; shift < 64n; shift += 8n) this.emit(Number((wide >> shift) & 0xffn));
  }
}

class Arm64 extends Code implements Machine {
  call(name: Call, args: readonly number[]): void {
    for (const [index, value] of args.entries()) this.#move(index, value);
    this.#system(CALLS[name].arm64);
  }

  onFailure(label: Label): void {
    this.word32(0xb6f80040); // tbz x0, #63, .+8
    this.jump(label);
  }

  jump(label: Label): void {
    this.jumps.push({ at: this.bytes.length, label });
    this.word32(0x14000000); // b
  }

  store(address: number, value: number): void {
    this.#move(9, address);
    this.#move(10, value);
    this.word32(0xb900012a); // str w10, [x9]
  }

  complain(address: number, bytes: number, label: Label): void {
    this.#move(19, address);
    this.#move(20, bytes);
    this.jump(label);
  }

  say(descriptor: number, suffix: { address: number; bytes: number; digits: number }): void {
    this.word32(0x4b0003e0); // neg w0, w0
    this.#move(1, 10);
    for (let digit = MESSAGE_DIGITS - 1; digit >= 0; digit--) {
      this.word32(0x1ac10802); // udiv w2, w0, w1
      this.word32(0x1b018043); // msub w3, w2, w1, w0
      this.word32(0x1100c063); // add  w3, w3, '0'
      this.#move(4, suffix.digits + digit);
      this.word32(0x39000083); // strb w3, [x4]
      this.word32(0x2a0203e0); // mov  w0, w2
    }
    this.#move(0, descriptor);
    this.word32(0xaa1303e1); // mov x1, x19
    this.word32(0xaa1403e2); // mov x2, x20
    this.#system(CALLS.write.arm64);
    this.call("write", [descriptor, suffix.address, suffix.bytes]);
  }

  protected patch(code: Buffer, at: number, target: number): void {
    code.writeUInt32LE((0x14000000 | (((target - at) / 4) & 0x3ffffff)) >>> 0, at);
  }

  #system(number: number): void {
    this.#move(8, number);
    this.word32(0xd4000001); // svc #0
  }

  /** movz, then movk for each 16 bits that are not zero. */
  #move(register: number, value: number): void {
    const wide = BigInt.asUintN(64, BigInt(value));
    for (let part = 0; part < 4; part++) {
      const bits = Number((wide >> BigInt(part * 16)) & 0xffffn);
      if (part > 0 && bits === 0) continue;
      const move = part === 0 ? 0xd2800000 : 0xf2800000;
      this.word32((move | (part << 21) | (bits << 5) | register) >>> 0);
    }
  }
}
