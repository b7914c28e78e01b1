/**
 * How another process asks a lab's supervisor to take the lab down: it connects to supervisor.sock, writes
 * `down`, and reads `done` or the reason of a failure. That the socket answers is also the proof that the
 * supervisor lives; nobody needs to trust a recorded pid.
 */
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { LabError } from "../errors.ts";

/** What the supervisor did not finish within this time is left to force. */
const ANSWER_TIMEOUT_MS = 12_000;

export interface ControlSocket {
  close(): void;
}

/** Listens at `path`; `down` takes the lab down and resolves when it is gone. */
export async function serveControl(path: string, down: () => Promise<void>): Promise<ControlSocket> {
  const server: Server = createServer(socket => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      down().then(
        () => socket.end("done"),
        (error: unknown) => socket.end(error instanceof Error ? error.message : String(error)),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, readableAll: false, writableAll: false }, resolve);
  });
  return { close: () => server.close() };
}

/** True when a supervisor took the lab down, false when none answers. Throws what it could not do. */
export async function askSupervisor(path: string): Promise<boolean> {
  const socket = await connect(path);
  if (!socket) return false;
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error("timeout")));
  socket.write("down\n");
  try {
    const answer = await text(socket);
    if (answer === "done") return true;
    if (answer === "") return false; // it died meanwhile
    throw new LabError(answer);
  } catch (error) {
    if (error instanceof LabError) throw error;
    return false;
  }
}

/** Whether a living process supervises the lab. */
export async function isSupervised(path: string): Promise<boolean> {
  const socket = await connect(path);
  socket?.destroy();
  return socket !== undefined;
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = createConnection({ path });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}
