/**
 * One UDP socket in a pod's network namespace that asks a Service again and again, and how long nobody answered it while
 * something was done to the Service or the node.
 */
import { setTimeout as delay } from "node:timers/promises";
import { closeNamespace, nativeMemory, openNamespace, Socket } from "@podwire/linux";

const ASK_EVERY_MS = 2;
const MEMORY_BYTES = 64;

export class UdpAsker {
  readonly #socket: Socket;
  readonly #memory = nativeMemory(MEMORY_BYTES);
  readonly #answers = nativeMemory(MEMORY_BYTES);
  readonly #questionBytes: number;
  /** What answered last, and when. */
  lastAnswer = "";
  lastAnswerMs = 0;
  /** When another began to answer. */
  changedMs = 0;
  /** Since it was set to 0. */
  longestSilenceMs = 0;

  /** Asks `question` at `address`, from the network namespace of process `pid`. */
  constructor(pid: number, address: string, port: number, question: string) {
    const namespace = openNamespace(pid);
    this.#socket = Socket.open({ family: 4, type: "udp", nonBlocking: true, namespace });
    closeNamespace(namespace);
    this.#socket.connect(address, port);
    this.#memory.u8.set(new TextEncoder().encode(question));
    this.#questionBytes = question.length;
  }

  /** Asks once; notes what has been answered since. */
  ask(): void {
    const now = performance.now();
    const answers = this.#answers;
    for (;;) {
      const received = this.#socket.receive(answers, 0, MEMORY_BYTES);
      if (received <= 0) break;
      const answer = new TextDecoder().decode(answers.u8.slice(0, received));
      if (answer !== this.lastAnswer) this.changedMs = now;
      this.lastAnswer = answer;
      this.lastAnswerMs = now;
    }
    if (this.lastAnswerMs > 0)
      this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.lastAnswerMs);
    // Refused is an answer of the network's, and the next one may be another.
    this.#socket.send(this.#memory, 0, this.#questionBytes);
  }

  close(): void {
    this.#socket.close();
  }
}

/** Resolves with the longest silence in milliseconds while `change` is under way and until `isOver` of the last answer. */
export async function silenceDuring(
  asker: UdpAsker,
  change: () => Promise<void>,
  isOver: (answer: string) => boolean,
  timeoutMs: number,
): Promise<number> {
  await askUntil([asker], () => asker.lastAnswer !== "", timeoutMs);
  asker.longestSilenceMs = 0;
  let isChanged = false;
  const changing = change().then(() => {
    isChanged = true;
  });
  await askUntil([asker], () => isChanged && isOver(asker.lastAnswer), timeoutMs);
  await changing;
  // What comes after the first answer counts, too.
  const end = performance.now() + 500;
  await askUntil([asker], () => performance.now() > end, timeoutMs);
  return asker.longestSilenceMs;
}

/** All of them ask in turn until it is over. */
export async function askUntil(
  askers: readonly UdpAsker[],
  isOver: () => boolean,
  timeoutMs: number,
  everyMs = ASK_EVERY_MS,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!isOver()) {
    if (performance.now() > end) throw new Error(`no answer that was waited for in ${timeoutMs} ms`);
    for (const asker of askers) asker.ask();
    await delay(everyMs);
  }
}
