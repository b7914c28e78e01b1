/**
 * A container's log on disk: `<n>.log`, and once that is full `<n>.log.1` beside it.
 *
 *   FIFO -> throttle -> cut into lines -> append -> rotate when full -> wake readers that follow
 *
 * A container that writes faster than the throttle blocks on its full FIFO. A disk that is full costs log
 * lines, never the daemon; the number of lost bytes is written into the log once there is room again.
 */
import { closeSync, openSync, renameSync, statSync, writevSync } from "node:fs";
import type { Socket } from "node:net";
import { LIMITS } from "../limits.ts";
import { LineCutter, type LogStream, logTimestamp } from "./cri.ts";

export interface LogClock {
  nowMs(): number;
}

const highResolutionClock: LogClock = { nowMs: () => performance.timeOrigin + performance.now() };

/** writev takes at most this many buffers (IOV_MAX). */
const BUFFERS_A_WRITE = 1024;
const THROTTLE_WINDOW_MS = 100;

export class LogFile {
  readonly path: string;
  readonly #clock: LogClock;
  readonly #followers = new Set<() => void>();
  #fd: number | undefined;
  #bytes = 0;
  #lostBytes = 0;
  #openStreams = 0;
  #rotations = 0;

  constructor(path: string, clock: LogClock = highResolutionClock) {
    this.path = path;
    this.#clock = clock;
  }

  /** No stream writes into it any more. */
  get closed(): boolean {
    return this.#openStreams === 0;
  }

  /** How often the file was renamed away; a reader that follows notices by it. */
  get rotations(): number {
    return this.#rotations;
  }

  /** Calls back after each append, rotation and the end, until the returned function is called. */
  follow(wake: () => void): () => void {
    this.#followers.add(wake);
    return () => this.#followers.delete(wake);
  }

  /**
   * Reads one of the container's streams to its end; resolves then. `tap` gets the bytes as well, and may return a
   * promise: no more is read until it resolves.
   */
  drain(
    stream: LogStream,
    socket: Socket,
    tap: (bytes: Buffer) => Promise<unknown> | undefined = () => undefined,
  ): Promise<void> {
    const cutter = new LineCutter(stream, LIMITS.logLineBytes);
    const valve = new Valve(socket);
    const throttle = new Throttle(valve);
    this.#openStreams++;
    socket.on("data", bytes => {
      this.#append(cutter.cut(bytes, logTimestamp(this.#clock.nowMs())));
      throttle.spent(bytes.length);
      const taken = tap(bytes);
      if (taken) void taken.finally(valve.hold());
    });
    socket.on("error", () => socket.destroy());
    return new Promise(resolve => {
      socket.once("close", () => {
        throttle.close();
        this.#append(cutter.end(logTimestamp(this.#clock.nowMs())));
        this.#openStreams--;
        if (this.closed) this.#close();
        this.#wake();
        resolve();
      });
    });
  }

  #append(entries: Buffer[]): void {
    if (entries.length === 0) return;
    for (let from = 0; from < entries.length; from += BUFFERS_A_WRITE) {
      this.#write(entries.slice(from, from + BUFFERS_A_WRITE));
    }
    // Only between whole entries: a reader never meets one that is torn in two.
    if (this.#bytes >= LIMITS.logFileBytes) this.#rotate();
    this.#wake();
  }

  #write(parts: Buffer[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const note = this.#lostBytes > 0 ? [this.#lossNote()] : [];
    try {
      this.#fd ??= this.#open();
      const written = writevSync(this.#fd, [...note, ...parts]);
      this.#bytes += written;
      this.#lostBytes = 0;
    } catch {
      this.#lostBytes += bytes;
    }
  }

  #open(): number {
    const fd = openSync(this.path, "a", 0o640);
    this.#bytes = statSync(this.path).size;
    return fd;
  }

  #lossNote(): Buffer {
    const text = `${this.#lostBytes} bytes of log were lost: the disk was full`;
    return Buffer.from(`${logTimestamp(this.#clock.nowMs())} stderr F podwire: ${text}\n`);
  }

  #rotate(): void {
    this.#close();
    renameSync(this.path, `${this.path}.1`);
    this.#rotations++;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#bytes = 0;
  }

  #wake(): void {
    for (const wake of this.#followers) wake();
  }
}

/** A stream is read while nobody holds it. */
class Valve {
  readonly #socket: Socket;
  #holds = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Returns how to let go, once. */
  hold(): () => void {
    this.#holds++;
    this.#socket.pause();
    return () => {
      if (--this.#holds === 0) this.#socket.resume();
    };
  }
}

/** Lets at most LIMITS.logBytesPerSecond through, in windows of 100 ms. */
class Throttle {
  readonly #valve: Valve;
  #left = LIMITS.logBytesPerSecond / (1000 / THROTTLE_WINDOW_MS);
  #windowEndsMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(valve: Valve) {
    this.#valve = valve;
  }

  spent(bytes: number): void {
    const nowMs = performance.now();
    if (nowMs >= this.#windowEndsMs) {
      this.#windowEndsMs = nowMs + THROTTLE_WINDOW_MS;
      this.#left = LIMITS.logBytesPerSecond / (1000 / THROTTLE_WINDOW_MS);
    }
    this.#left -= bytes;
    if (this.#left > 0 || this.#timer) return;
    const release = this.#valve.hold();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      release();
    }, this.#windowEndsMs - nowMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
