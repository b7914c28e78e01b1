/** One write and a thousand watchers: how long until the last of them has seen it. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { type ConfigMap, kinds } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import type { ControlPlane } from "./control-plane.ts";

/** As Go's clients have it: many watches share a connection. */
const STREAMS_PER_SESSION = 100;
const NAMESPACE = "default";
const NAME = "watched";
const PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps?watch=true&fieldSelector=metadata.name%3D${NAME}`;

export async function measureWatchers(
  plane: ControlPlane,
  client: ApiClient,
  watchers: number,
  writes: number,
): Promise<number[]> {
  const metadata = { namespace: NAMESPACE, name: NAME };
  let object: ConfigMap = await client.create(kinds.configMaps, { metadata, data: { n: "0" } });
  const sessions = Array.from({ length: Math.ceil(watchers / STREAMS_PER_SESSION) }, () =>
    connect(plane.url, plane.tls),
  );
  try {
    const all = Array.from(
      { length: watchers },
      (_, at) =>
        new Watcher(sessions[Math.floor(at / STREAMS_PER_SESSION)]!, object.metadata.resourceVersion),
    );
    await Promise.all(all.map(each => each.open));
    const lastMs: number[] = [];
    for (let write = 1; write <= writes; write++) {
      const seen = Promise.all(all.map(each => each.sees(`"n":"${write}"`)));
      const start = performance.now();
      object = await client.update(kinds.configMaps, { ...object, data: { n: String(write) } });
      await seen;
      lastMs.push(performance.now() - start);
    }
    return lastMs;
  } finally {
    for (const session of sessions) session.destroy();
  }
}

class Watcher {
  /** Resolves when the server has begun to answer. */
  readonly open: Promise<void>;
  readonly #stream: ClientHttp2Stream;
  #text = "";
  #wake: () => void = () => {};

  constructor(session: ClientHttp2Session, resourceVersion: string) {
    this.#stream = session.request({ ":path": `${PATH}&resourceVersion=${resourceVersion}` });
    this.open = new Promise((resolve, reject) => {
      this.#stream.once("response", headers =>
        headers[":status"] === 200 ? resolve() : reject(new Error(`a watch got ${headers[":status"]}`)),
      );
      this.#stream.once("error", reject);
    });
    this.#stream.setEncoding("latin1").on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
  }

  /** Resolves when this is in what has come; what came up to then is forgotten. */
  async sees(text: string): Promise<void> {
    while (!this.#text.includes(text)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    this.#text = "";
  }
}
