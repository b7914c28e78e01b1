/**
 * The data plane's thread, breath by breath:
 *
 * ```
 * wait (epoll: commands, underlay, TUN ports) -> take a bounded batch from each that is readable -> flush
 *      ^                                                                                         |
 *      |____ nothing readable: spin a while if that pays, tick if flows are live, else sleep ____|
 * ```
 *
 * It is synchronous and never returns to an event loop before `stop`. Bounded batches keep one busy port from
 * starving the others: what is left is reported again by the next wait (epoll is level-triggered).
 */

import { Epoll, type EventFd, yieldCore } from "@podwire/linux";
import { LIMITS } from "./limits.ts";
import { Spin } from "./spin.ts";

/** What the loop drives: `Pipeline` of @podwire/dataplane. */
export interface Breath {
  fromTun(port: number, nowMs: number, budget: number): number;
  fromUnderlay(nowMs: number, budget: number): number;
  flush(): void;
  tick(nowMs: number): void;
}

export interface LoopOptions {
  /** Rung after commands were posted. */
  readonly bell: EventFd;
  readonly underlayFd: number;
  readonly breath: Breath;
  readonly commands: () => void;
  /** Flows that can expire. */
  readonly liveFlows: () => number;
}

const COMMANDS = 0xffff_ffff;
const UNDERLAY = 0xffff_fffe;

export class Loop {
  readonly #options: LoopOptions;
  readonly #breath: Breath;
  readonly #epoll = new Epoll();
  readonly #spin = new Spin();
  /** Descriptors of the ports in the epoll, by port; -1 where there is none. */
  readonly #fds: number[] = [];
  #tickedMs = 0;
  /** Something came since the last tick, so the number of live flows may be out of date. */
  #stirred = false;
  #running = true;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#breath = options.breath;
    this.#epoll.add(options.bell.fd, COMMANDS);
    this.#epoll.add(options.underlayFd, UNDERLAY);
  }

  addPort(port: number, fd: number): void {
    this.#epoll.add(fd, port);
    this.#fds[port] = fd;
  }

  removePort(port: number): void {
    const fd = this.#fds[port] ?? -1;
    if (fd >= 0) this.#epoll.remove(fd);
    this.#fds[port] = -1;
  }

  stop(): void {
    this.#running = false;
  }

  run(): void {
    let timeoutMs = 0;
    while (this.#running) {
      const ready = this.#epoll.wait(timeoutMs);
      const nowMs = performance.timeOrigin + performance.now();
      if (ready > 0) {
        this.#spin.found(nowMs, timeoutMs !== 0);
        for (let i = 0; i < ready; i++) this.#serve(i, nowMs);
        this.#breath.flush();
        this.#stirred = true;
        timeoutMs = 0;
      } else timeoutMs = this.#rest(nowMs);
      if (nowMs - this.#tickedMs >= LIMITS.tickMs) this.#tick(nowMs);
    }
    this.#epoll.close();
  }

  #serve(i: number, nowMs: number): void {
    const tag = this.#epoll.tag(i);
    if (tag === UNDERLAY) this.#breath.fromUnderlay(nowMs, LIMITS.underlayBudget);
    else if (tag === COMMANDS) {
      this.#options.bell.drain();
      this.#options.commands();
    } else if (this.#epoll.isBroken(i)) this.removePort(tag);
    else this.#breath.fromTun(tag, nowMs, LIMITS.tunBudget);
  }

  /** Nothing is readable: how long may the next wait last? */
  #rest(nowMs: number): number {
    if (this.#spin.empty(nowMs)) {
      yieldCore();
      return 0;
    }
    return this.#stirred || this.#options.liveFlows() > 0 ? LIMITS.tickMs : -1;
  }

  #tick(nowMs: number): void {
    this.#tickedMs = nowMs;
    this.#stirred = false;
    this.#breath.tick(nowMs);
  }
}
