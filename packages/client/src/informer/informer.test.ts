/** The informer against an API that the test drives by hand. */
import assert from "node:assert/strict";
import { expired, type Kind, type KubernetesObject, kinds, type Node } from "@podwire/api";
import type { Api, ObjectList, ObjectWatch, WatchEvent } from "../api.ts";
import { Informer } from "./informer.ts";

function node(name: string, revision: number): Node {
  const metadata = {
    name,
    uid: name,
    resourceVersion: String(revision),
    creationTimestamp: "2020-01-01T00:00:00Z",
  };
  return { apiVersion: "v1", kind: "Node", metadata, spec: {}, status: {} };
}

/** A list that the test sets and a watch that the test feeds. */
class ScriptedApi {
  listed: ObjectList<Node> = { items: [], revision: 1 };
  watchedFrom: number[] = [];
  #answer:
    | { resolve: (events: WatchEvent<Node>[] | undefined) => void; reject: (error: Error) => void }
    | undefined;
  #asked: (() => void)[] = [];

  list = async () => this.listed;
  watch = (_kind: unknown, afterRevision: number): ObjectWatch<Node> => {
    this.watchedFrom.push(afterRevision);
    const next = () =>
      new Promise<WatchEvent<Node>[] | undefined>((resolve, reject) => {
        this.#answer = { resolve, reject };
        for (const asked of this.#asked.splice(0)) asked();
      });
    return { next, position: 0, close: () => this.#answer?.resolve(undefined) };
  };

  /** Resolves when the informer waits for the next events. */
  async send(...events: WatchEvent<Node>[]): Promise<void> {
    await this.#waiting();
    this.#take().resolve(events);
    await this.#waiting();
  }

  async fail(error: Error): Promise<void> {
    await this.#waiting();
    this.#take().reject(error);
    await this.#waiting();
  }

  #take() {
    const answer = this.#answer!;
    this.#answer = undefined;
    return answer;
  }

  #waiting(): Promise<void> {
    return this.#answer ? Promise.resolve() : new Promise(resolve => this.#asked.push(resolve));
  }

  asApi(): Pick<Api, "list" | "watch"> {
    type List = <T extends KubernetesObject>(kind: Kind<T>) => Promise<ObjectList<T>>;
    return { list: this.list as unknown as List, watch: this.watch as unknown as Api["watch"] };
  }
}

describe("informer", () => {
  const told: string[] = [];
  let api: ScriptedApi;
  let informer: Informer<Node>;

  beforeEach(() => {
    told.length = 0;
    api = new ScriptedApi();
    informer = new Informer(api.asApi(), kinds.nodes);
    informer.onChange(({ key, before, after }) => {
      told.push(
        `${key} ${before?.metadata.resourceVersion ?? "-"}>${after?.metadata.resourceVersion ?? "-"}`,
      );
    });
  });
  afterEach(() => informer.stop());

  it("lists, then follows", async () => {
    api.listed = { items: [node("a", 3)], revision: 5 };
    await informer.start();
    await api.send({ type: "ADDED", object: node("b", 6) }, { type: "MODIFIED", object: node("a", 7) });
    await api.send({ type: "DELETED", object: node("b", 8) });
    assert.deepEqual(told, ["a ->3", "b ->6", "a 3>7", "b 6>-"]);
    assert.deepEqual(api.watchedFrom, [5]);
    assert.deepEqual(informer.values(), [node("a", 7)]);
  });

  it("lists again when the watch has expired, and tells only what differs", async () => {
    api.listed = { items: [node("a", 3), node("b", 4)], revision: 5 };
    await informer.start();
    api.listed = { items: [node("a", 3), node("c", 40)], revision: 50 };
    await api.fail(expired("too old"));
    assert.deepEqual(told, ["a ->3", "b ->4", "b 4>-", "c ->40"]);
    assert.deepEqual(api.watchedFrom, [5, 50]);
  });

  it("shows an own write at once, and older news does not undo it", async () => {
    api.listed = { items: [node("a", 3)], revision: 3 };
    await informer.start();
    informer.observe(node("a", 6));
    await api.send({ type: "MODIFIED", object: node("a", 5) });
    await api.send({ type: "MODIFIED", object: node("a", 6) });
    assert.deepEqual(told, ["a ->3", "a 3>6"]);
  });

  it("does not bring back by an own write what the watch has seen go", async () => {
    await informer.start();
    await api.send({ type: "ADDED", object: node("a", 5) }, { type: "DELETED", object: node("a", 6) });
    informer.observe(node("a", 5));
    assert.deepEqual(told, ["a ->5", "a 5>-"]);
    assert.equal(informer.size, 0);
  });
});
