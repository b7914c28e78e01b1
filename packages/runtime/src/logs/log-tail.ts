/** The end of a log, for a termination message: the last lines, of these the last bytes. */
import { readLog } from "./log-reader.ts";

export async function logTail(path: string, lines: number, bytes: number): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readLog(path, { tailLines: lines }, undefined)) parts.push(part);
  return Buffer.concat(parts).subarray(-bytes).toString("utf8");
}
