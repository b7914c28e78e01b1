/** The tcpSocket action: can a connection be opened? */
import { connect } from "node:net";
import { dialError } from "./http-get.ts";

/** Undefined: yes; otherwise why not. */
export function tcpConnect(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const settle = (failure: string | undefined): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(timeoutMs, () => settle(`dial tcp ${address}: i/o timeout`));
    socket.once("connect", () => settle(undefined));
    socket.once("error", cause => settle(dialError(cause, address)));
  });
}
