/**
 * One run of dnsperf (DNS-OARC) in a network namespace. It tells the time of each answer but no percentile, so its lines go
 * through awk, which counts them in tenths of a millisecond.
 */
import type { Children } from "../children.ts";
import { DNSPERF_SLACK_MS } from "../limits.ts";

export interface DnsPerfRun {
  readonly namespacePid: number;
  readonly server: string;
  readonly port: number;
  /** A file with its questions. */
  readonly questions: string;
  readonly seconds: number;
  /** Questions a second; absent: as many as are answered, a hundred at a time. */
  readonly rate?: number;
}

export interface DnsPerfResult {
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Questions without an answer. */
  readonly lost: number;
}

const HISTOGRAM = `
  /^> / { count++; bucket = int($NF * 10000); buckets[bucket]++; if (bucket > last) last = bucket; next }
  /Queries per second/ { rate = $NF }
  /Queries lost/ { lost = $3 }
  END {
    for (i = 0; i <= last; i++) {
      seen += buckets[i];
      if (p50 == "" && seen >= count * 0.5) p50 = (i + 1) / 10;
      if (p99 == "" && seen >= count * 0.99) p99 = (i + 1) / 10;
    }
    printf "{\\"answersPerSecond\\":%f,\\"p50Ms\\":%f,\\"p99Ms\\":%f,\\"lost\\":%d}\\n", rate, p50, p99, lost;
  }`;

export async function dnsperf(children: Children, run: DnsPerfRun): Promise<DnsPerfResult> {
  const { namespacePid, server, port, questions, seconds, rate } = run;
  const words = ["-v", "-e", "-W", "-s", server, "-p", String(port), "-d", questions, "-l", String(seconds)];
  if (rate !== undefined) words.push("-Q", String(rate));
  const output = await children.run(
    {
      name: `dnsperf ${server}`,
      namespacePid,
      command: [
        "sh",
        "-c",
        'awk_program=$1; shift; dnsperf "$@" | awk "$awk_program"',
        "sh",
        HISTOGRAM,
        ...words,
      ],
    },
    seconds * 1_000 + DNSPERF_SLACK_MS,
  );
  return JSON.parse(output) as DnsPerfResult;
}
