/**
 * The log format of the Container Runtime Interface, one line an entry:
 *
 *   2016-10-06T00:17:09.669794202Z stdout F text of the line
 *
 * Tag F ends a line, P says that the same line goes on in the next entry of that stream.
 */
export type LogStream = "stdout" | "stderr";

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Cuts a stream of bytes into log entries. Holds at most `lineBytes` of an unfinished line. */
export class LineCutter {
  readonly #stream: LogStream;
  readonly #lineBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(stream: LogStream, lineBytes: number) {
    this.#stream = stream;
    this.#lineBytes = lineBytes;
  }

  /** Entries for what `bytes` completes, all with one timestamp (that of their reading, as in containerd). */
  cut(bytes: Buffer, timestamp: string): Buffer[] {
    const out: Buffer[] = [];
    let from = 0;
    while (from < bytes.length) {
      const room = this.#lineBytes - this.#heldBytes;
      const newline = bytes.subarray(from, from + room + 1).indexOf(NEWLINE);
      const to = newline >= 0 ? from + newline : Math.min(from + room, bytes.length);
      this.#hold(bytes.subarray(from, to));
      if (newline >= 0) this.#emit(out, timestamp, "F");
      else if (this.#heldBytes >= this.#lineBytes) this.#emit(out, timestamp, "P");
      from = newline >= 0 ? to + 1 : to;
    }
    // What is kept belongs to the reader's buffer: copy it, so that the buffer can go.
    if (this.#held.length > 0) this.#held = [Buffer.concat(this.#held)];
    return out;
  }

  /** The last line, when it had no newline. */
  end(timestamp: string): Buffer[] {
    const out: Buffer[] = [];
    if (this.#heldBytes > 0) this.#emit(out, timestamp, "F");
    return out;
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #emit(out: Buffer[], timestamp: string, tag: "F" | "P"): void {
    out.push(Buffer.from(`${timestamp} ${this.#stream} ${tag} `), ...this.#held, NEWLINE_BYTES);
    this.#held = [];
    this.#heldBytes = 0;
  }
}

const NEWLINE_BYTES = Buffer.from("\n");

export interface LogEntry {
  timestamp: string;
  stream: LogStream;
  /** Whether the line ends here. */
  full: boolean;
  text: Buffer;
}

/** Parses one entry, without its newline; undefined when it is not one (cut short by a full disk). */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const afterTimestamp = line.indexOf(SPACE);
  const afterStream = line.indexOf(SPACE, afterTimestamp + 1);
  const afterTag = line.indexOf(SPACE, afterStream + 1);
  if (afterTimestamp < 0 || afterStream < 0 || afterTag < 0) return undefined;
  const stream = line.toString("latin1", afterTimestamp + 1, afterStream);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  return {
    timestamp: line.toString("latin1", 0, afterTimestamp),
    stream,
    full: line[afterStream + 1] === 0x46,
    text: line.subarray(afterTag + 1),
  };
}

/** RFC 3339 with nanoseconds, of which a clock in milliseconds with fractions fills six digits. */
export function logTimestamp(timeMs: number): string {
  const whole = Math.floor(timeMs);
  const nanoseconds = Math.floor((timeMs - whole) * 1e6);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(nanoseconds).padStart(6, "0")}Z`;
}
