/**
 * `pause`: the smallest process that can hold namespaces open, as a static ELF executable of about 280 bytes.
 *
 * It blocks SIGINT, SIGCHLD and SIGTERM and waits for them: SIGCHLD reaps every child that has ended (pause
 * is process 1 of a pod that shares its process namespace), SIGINT and SIGTERM end it with exit code 0. A
 * blocked signal reaches even process 1 of a namespace, for which a default action would be ignored.
 *
 * The machine code is written out here so that nothing has to be compiled or downloaded. It is one
 * position-independent segment: code, then the signal set that the code refers to by relative address.
 */

export type PauseArchitecture = "x64" | "arm64";

/** Bits of SIGINT (2), SIGTERM (15) and SIGCHLD (17): `1 << (number - 1)`. */
const SIGNAL_SET = [0x02, 0x40, 0x01, 0, 0, 0, 0, 0];

// biome-ignore format: one instruction a line
const X64 = [
  //                                              rt_sigprocmask(SIG_BLOCK, set, NULL, 8)
  0xb8, 14, 0, 0, 0, //                           mov  eax, 14
  0x31, 0xff, //                                  xor  edi, edi
  0x48, 0x8d, 0x35, 0x5a, 0, 0, 0, //             lea  rsi, [rip + set]
  0x31, 0xd2, //                                  xor  edx, edx
  0x41, 0xba, 8, 0, 0, 0, //                      mov  r10d, 8
  0x0f, 0x05, //                                  syscall
  //                                        wait: rt_sigtimedwait(set, NULL, NULL, 8)
  0xb8, 128, 0, 0, 0, //                          mov  eax, 128
  0x48, 0x8d, 0x3d, 0x44, 0, 0, 0, //             lea  rdi, [rip + set]
  0x31, 0xf6, //                                  xor  esi, esi
  0x31, 0xd2, //                                  xor  edx, edx
  0x41, 0xba, 8, 0, 0, 0, //                      mov  r10d, 8
  0x0f, 0x05, //                                  syscall
  0x83, 0xf8, 15, //                              cmp  eax, SIGTERM
  0x74, 0x28, //                                  je   done
  0x83, 0xf8, 2, //                               cmp  eax, SIGINT
  0x74, 0x23, //                                  je   done
  0x83, 0xf8, 17, //                              cmp  eax, SIGCHLD
  0x75, 0xd9, //                                  jne  wait
  //                                        reap: wait4(-1, NULL, WNOHANG, NULL)
  0xb8, 61, 0, 0, 0, //                           mov  eax, 61
  0x48, 0xc7, 0xc7, 0xff, 0xff, 0xff, 0xff, //    mov  rdi, -1
  0x31, 0xf6, //                                  xor  esi, esi
  0xba, 1, 0, 0, 0, //                            mov  edx, WNOHANG
  0x45, 0x31, 0xd2, //                            xor  r10d, r10d
  0x0f, 0x05, //                                  syscall
  0x85, 0xc0, //                                  test eax, eax
  0x7f, 0xe4, //                                  jg   reap
  0xeb, 0xbb, //                                  jmp  wait
  //                                        done: exit_group(0)
  0xb8, 231, 0, 0, 0, //                          mov  eax, 231
  0x31, 0xff, //                                  xor  edi, edi
  0x0f, 0x05, //                                  syscall
  0x66, 0x90, //                                  (set is aligned to 8)
  ...SIGNAL_SET, //                          set:
];

// biome-ignore format: one instruction a line
const ARM64_WORDS = [
  //                 rt_sigprocmask(SIG_BLOCK, set, NULL, 8)
  0xd28010e8, //     mov  x8, #135
  0xd2800000, //     mov  x0, #0
  0x10000381, //     adr  x1, set
  0xd2800002, //     mov  x2, #0
  0xd2800103, //     mov  x3, #8
  0xd4000001, //     svc  #0
  //           wait: rt_sigtimedwait(set, NULL, NULL, 8)
  0xd2801128, //     mov  x8, #137
  0x100002e0, //     adr  x0, set
  0xd2800001, //     mov  x1, #0
  0xd2800002, //     mov  x2, #0
  0xd2800103, //     mov  x3, #8
  0xd4000001, //     svc  #0
  0x71003c1f, //     cmp  w0, SIGTERM
  0x540001c0, //     b.eq done
  0x7100081f, //     cmp  w0, SIGINT
  0x54000180, //     b.eq done
  0x7100441f, //     cmp  w0, SIGCHLD
  0x54fffea1, //     b.ne wait
  //           reap: wait4(-1, NULL, WNOHANG, NULL)
  0xd2802088, //     mov  x8, #260
  0x92800000, //     mov  x0, #-1
  0xd2800001, //     mov  x1, #0
  0xd2800022, //     mov  x2, WNOHANG
  0xd2800003, //     mov  x3, #0
  0xd4000001, //     svc  #0
  0x7100001f, //     cmp  w0, #0
  0x54ffff2c, //     b.gt reap
  0x17ffffec, //     b    wait
  //           done: exit_group(0)
  0xd2800bc8, //     mov  x8, #94
  0xd2800000, //     mov  x0, #0
  0xd4000001, //     svc  #0
];

const MACHINES = {
  x64: { elfMachine: 62, code: Buffer.from(X64) },
  arm64: { elfMachine: 183, code: Buffer.concat([littleEndianWords(ARM64_WORDS), Buffer.from(SIGNAL_SET)]) },
};

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const HEADERS_BYTES = ELF_HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
/** A multiple of every page size that Linux uses on these machines (4 to 64 KiB). */
const LOAD_ADDRESS = 0x400000;
const PAGE_BYTES = 0x10000;

/** The executable file for a machine: ELF header, two program headers, code. */
export function pauseExecutable(architecture: PauseArchitecture): Buffer {
  const { elfMachine, code } = MACHINES[architecture];
  const headers = Buffer.alloc(HEADERS_BYTES);
  // e_ident: magic, 64 bit, little endian, version 1, System V.
  headers.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  headers.writeUInt16LE(2, 16); // e_type: executable
  headers.writeUInt16LE(elfMachine, 18);
  headers.writeUInt32LE(1, 20); // e_version
  headers.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADERS_BYTES), 24); // e_entry
  headers.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32); // e_phoff
  headers.writeUInt16LE(ELF_HEADER_BYTES, 52);
  headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  headers.writeUInt16LE(2, 56); // e_phnum

  const READ_EXECUTE = 5;
  const READ_WRITE = 6;
  const bytes = HEADERS_BYTES + code.length;
  writeProgramHeader(headers, 0, {
    type: 1 /* PT_LOAD */,
    flags: READ_EXECUTE,
    address: LOAD_ADDRESS,
    bytes,
  });
  // Without PT_GNU_STACK the kernel would make the stack executable.
  writeProgramHeader(headers, 1, { type: 0x6474e551, flags: READ_WRITE, address: 0, bytes: 0 });
  return Buffer.concat([headers, code]);
}

function writeProgramHeader(
  headers: Buffer,
  index: number,
  segment: { type: number; flags: number; address: number; bytes: number },
): void {
  const at = ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
  headers.writeUInt32LE(segment.type, at);
  headers.writeUInt32LE(segment.flags, at + 4);
  headers.writeBigUInt64LE(BigInt(segment.address), at + 16); // p_vaddr
  headers.writeBigUInt64LE(BigInt(segment.address), at + 24); // p_paddr
  headers.writeBigUInt64LE(BigInt(segment.bytes), at + 32); // p_filesz
  headers.writeBigUInt64LE(BigInt(segment.bytes), at + 40); // p_memsz
  headers.writeBigUInt64LE(BigInt(PAGE_BYTES), at + 48); // p_align
}

function littleEndianWords(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32LE(word, index * 4);
  });
  return bytes;
}
