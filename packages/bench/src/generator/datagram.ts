/**
 * Paced UDP with numbered datagrams. A source sends a step of its rate search, waits until the path has
 * drained, and asks the sink how many different datagrams of that step it has seen.
 *
 *   datagram   u32 kind | u32 step | u32 sequence | padding to the payload size
 *   answer     u32 kind | u32 step | u32 delivered
 */
import { type NativeMemory, nativeMemory, SO, SOL, type Socket } from "@podwire/linux";
import { UDP_RECEIVE_BUFFER_BYTES } from "../limits.ts";
import { type Probe, searchRate } from "../rate-search.ts";
import { type DatagramResult, PORT } from "./contract.ts";
import { checked, datagrams, EAGAIN, type Endpoint } from "./endpoint.ts";

const KIND = { data: 0x64617461, question: 0x61736b3f, answer: 0x616e7377 } as const;
const HEADER_WORDS = 3;
const HEADER_BYTES = HEADER_WORDS * 4;
const MOST_DATAGRAM_BYTES = 65_535;

/** The sleep between two bursts of a paced source: short, so that bursts stay small. */
const PACE_MS = 0.25;
/** What is in flight when a step ends has this long to arrive before it counts as lost. */
const DRAIN_MS = 100;
const ANSWER_MS = 200;
const QUESTIONS = 25;

export function runDatagramSink(task: Endpoint, onListening: () => void): never {
  const socket = datagrams(task);
  socket.setOption(SOL.socket, SO.receiveBufferForce, UDP_RECEIVE_BUFFER_BYTES);
  socket.bind(task.address, PORT);
  const memory = nativeMemory(MOST_DATAGRAM_BYTES);
  const words = memory.u32;
  const seen = new SequenceSet();
  let step = 0;
  onListening();
  for (;;) {
    // The source has one port: connected to it by its first datagram, the loop needs no addresses.
    const received =
      step === 0 ? firstDatagram(socket, memory) : socket.receive(memory, 0, MOST_DATAGRAM_BYTES);
    if (received < HEADER_BYTES) continue;
    if (words[1]! > step) {
      step = words[1]!;
      seen.clear();
    }
    if (words[0] === KIND.data && words[1] === step) seen.add(words[2]!);
    if (words[0] === KIND.question) {
      words[0] = KIND.answer;
      words[2] = words[1] === step ? seen.size : 0;
      socket.send(memory, 0, HEADER_BYTES);
    }
  }
}

function firstDatagram(socket: Socket, memory: NativeMemory): number {
  const { bytes, from } = socket.receiveFrom(memory, 0, MOST_DATAGRAM_BYTES);
  if (from !== undefined) socket.connect(from.address, from.port);
  return bytes;
}

/** The different sequence numbers of a step, as a bitmap that grows: duplicates must not hide losses. */
export class SequenceSet {
  private bits = new Uint32Array(1 << 12);
  size = 0;

  add(sequence: number): void {
    const word = sequence >>> 5;
    if (word >= this.bits.length) this.grow(word);
    const bit = 1 << (sequence & 31);
    const before = this.bits[word]!;
    if ((before & bit) !== 0) return;
    this.bits[word] = before | bit;
    this.size += 1;
  }

  clear(): void {
    this.bits.fill(0);
    this.size = 0;
  }

  private grow(word: number): void {
    const larger = new Uint32Array(Math.max(this.bits.length * 2, word + 1));
    larger.set(this.bits);
    this.bits = larger;
  }
}

interface SourceTask extends Endpoint {
  readonly payloadBytes: number;
  readonly seconds: number;
}

export async function runDatagramSource(task: SourceTask): Promise<DatagramResult> {
  const socket = datagrams(task);
  socket.connect(task.address, PORT);
  socket.setReceiveTimeout(ANSWER_MS);
  const memory = nativeMemory(Math.max(HEADER_BYTES, task.payloadBytes));
  let step = 0;
  return await searchRate(packetsPerSecond => {
    step += 1;
    const { sent, seconds } = sendPaced(socket, memory, task, step, packetsPerSecond);
    pause(DRAIN_MS);
    return { sent, seconds, delivered: askDelivered(socket, memory, step) } satisfies Probe;
  });
}

function sendPaced(
  socket: Socket,
  memory: NativeMemory,
  { payloadBytes, seconds }: SourceTask,
  step: number,
  packetsPerSecond: number,
): { sent: number; seconds: number } {
  const words = memory.u32;
  words[0] = KIND.data;
  words[1] = step;
  const start = performance.now();
  const lengthMs = seconds * 1000;
  let sent = 0;
  let passedMs = 0;
  while (passedMs < lengthMs) {
    const due = Math.ceil((passedMs / 1000) * packetsPerSecond);
    if (due > sent) {
      words[2] = sent;
      checked(socket.send(memory, 0, payloadBytes), "send");
      sent += 1;
    } else {
      pause(PACE_MS);
    }
    passedMs = performance.now() - start;
  }
  return { sent, seconds: passedMs / 1000 };
}

function askDelivered(socket: Socket, memory: NativeMemory, step: number): number {
  const words = memory.u32;
  for (let question = 0; question < QUESTIONS; question += 1) {
    words[0] = KIND.question;
    words[1] = step;
    checked(socket.send(memory, 0, HEADER_BYTES), "send");
    const received = socket.receive(memory, 0, HEADER_BYTES);
    if (received !== EAGAIN) checked(received, "receive");
    if (received === HEADER_BYTES && words[0] === KIND.answer && words[1] === step) return words[2]!;
  }
  throw new Error(`the sink did not answer ${QUESTIONS} times: is UDP reaching it?`);
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** A synchronous sleep with a finer clock than poll's milliseconds. */
function pause(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
