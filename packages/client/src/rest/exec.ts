/**
 * `GET …/pods/NAME/exec` as a WebSocket of the subprotocol v5.channel.k8s.io: the first byte of a message is
 * its channel, `FF n` closes channel n. The exit status comes as a Status on the error channel.
 */
import { kinds, type Status } from "@podwire/api";
import type WebSocket from "ws";
import type { ObjectRef } from "../api.ts";
import { fromStatus, type Http } from "./http.ts";
import { objectPath, withQuery } from "./paths.ts";

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export interface ExecOptions {
  command: readonly string[];
  container?: string | undefined;
  stdin?: boolean | undefined;
  tty?: boolean | undefined;
  stdout: (bytes: Buffer) => void;
  stderr: (bytes: Buffer) => void;
}

export interface ExecSession {
  /** Resolves when the bytes have been handed to the system: backpressure. */
  write(stdin: Uint8Array): Promise<void>;
  endInput(): void;
  resize(columns: number, rows: number): void;
  /** The command's exit code. Rejects with an ApiError when it could not be run or the stream broke. */
  readonly exitCode: Promise<number>;
  /** The client leaves: the command is ended. */
  close(): void;
}

export async function openExec(http: Http, pod: ObjectRef, options: ExecOptions): Promise<ExecSession> {
  // Loaded when needed: it costs 30 ms, which every other command would pay for.
  const { default: Socket } = await import("ws");
  const { command, container, stdin, tty } = options;
  const query = { command, container, stdin: stdin === true, stdout: true, stderr: !tty, tty: tty === true };
  const path = withQuery(objectPath(kinds.pods, pod, "exec"), query);
  const { url, options: tls } = http.webSocket(path);
  const socket = new Socket(url, "v5.channel.k8s.io", tls);
  const exitCode = receive(socket, pod, options);
  await opened(socket, exitCode);
  const send = (channel: number, data: Uint8Array) =>
    new Promise<void>(resolve => socket.send(Buffer.concat([Buffer.of(channel), data]), () => resolve()));
  return {
    write: data => send(CHANNEL.stdin, data),
    endInput: () => void send(CHANNEL.close, Buffer.of(CHANNEL.stdin)),
    resize: (Width, Height) => void send(CHANNEL.resize, Buffer.from(JSON.stringify({ Width, Height }))),
    exitCode,
    close: () => socket.close(),
  };
}

/** A request that the server refuses rejects with the server's Status. */
async function opened(socket: WebSocket, exitCode: Promise<number>): Promise<void> {
  const open = new Promise<void>(resolve => socket.once("open", resolve));
  await Promise.race([open, exitCode]);
}

function receive(socket: WebSocket, { namespace, name }: ObjectRef, options: ExecOptions): Promise<number> {
  const exitCode = new Promise<number>((resolve, reject) => {
    const broken = (message: string) =>
      reject(fromStatus({ reason: "ServiceUnavailable", code: 503, message }));
    socket.on("message", (data: Buffer) => {
      const content = data.subarray(1);
      // An empty message only says that the streams are there.
      if (content.length === 0) return;
      if (data[0] === CHANNEL.stdout) options.stdout(content);
      else if (data[0] === CHANNEL.stderr) options.stderr(content);
      else if (data[0] === CHANNEL.error)
        settle(JSON.parse(content.toString("utf8")) as Status, resolve, reject);
    });
    socket.on("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", chunk => chunks.push(chunk));
      response.on("end", () => {
        try {
          reject(
            fromStatus(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Status, response.statusCode),
          );
        } catch {
          broken(`the server answered ${response.statusCode} to exec`);
        }
      });
    });
    socket.on("error", error => broken(`exec in pod ${namespace}/${name}: ${error.message}`));
    socket.on("close", () => broken(`the stream of exec in pod ${namespace}/${name} was cut`));
  });
  // Whoever asked to exec awaits it; before that, a rejection is not unhandled.
  exitCode.catch(() => undefined);
  return exitCode;
}

function settle(status: Status, resolve: (code: number) => void, reject: (error: Error) => void): void {
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
  if (status.status === "Success") resolve(0);
  else if (status.reason === "NonZeroExitCode" && cause?.message !== undefined)
    resolve(Number(cause.message));
  else reject(fromStatus(status));
}
