/** The node's view as transcripts: what arrives, and what the daemon is told. */
import assert from "node:assert/strict";
import { type PodRef, Service, type ToNode } from "@podwire/protocol";
import { type NodeSyncHandlers, View } from "./view.ts";

const vtep = { mac: Buffer.alloc(6), udpPort: 4789, vni: 1, underlayMtu: 1500, remoteChecksumOffload: true };
const ref = (name: string): PodRef => ({ namespace: "default", name, uid: `uid-${name}` });
const message = (revision: number, message: ToNode["message"]): ToNode => ({ revision, message });
const peer = (revision: number, name: string) =>
  message(revision, { case: "peer", value: { name, addresses: [], podCidrs: [], vtep, zone: "" } });
const addresses = (revision: number, name: string) =>
  message(revision, {
    case: "podAddresses",
    value: { pod: ref(name), node: "node-2", addresses: ["10.244.1.2"] },
  });
const pod = (revision: number, name: string) => {
  const json = Buffer.from(JSON.stringify({ metadata: { ...ref(name) } }));
  return message(revision, { case: "pod", value: json });
};
const begin = message(0, { case: "snapshotBegin", value: {} });
const end = (revision: number) => message(revision, { case: "snapshotEnd", value: {} });
const registered = { podCidrs: [], clusterCidrs: [], serviceCidrs: [], uid: "node-uid", history: "one" };

function recorded(): { view: View; told: () => string } {
  const lines: string[] = [];
  const handlers: NodeSyncHandlers = {
    registered: ({ history }) => lines.push(`registered ${history}`),
    peer: ({ name }) => lines.push(`peer ${name}`),
    peerGone: name => lines.push(`peer ${name} gone`),
    podAddresses: ({ pod }) => lines.push(`addresses ${pod.name}`),
    podAddressesGone: ({ name }) => lines.push(`addresses ${name} gone`),
    pod: ({ metadata }) => lines.push(`pod ${metadata.name}`),
    podDeleted: ({ name }) => lines.push(`pod ${name} deleted`),
    config: (kind, { metadata }) => lines.push(`${kind} ${metadata.name}`),
    configGone: (kind, { name }) => lines.push(`${kind} ${name} gone`),
    service: ({ name }) => lines.push(`service ${name}`),
    serviceGone: ({ name }) => lines.push(`service ${name} gone`),
    endpointSlice: ({ name }) => lines.push(`slice ${name}`),
    namespace: name => lines.push(`namespace ${name}`),
    namespaceGone: name => lines.push(`namespace ${name} gone`),
    endpointSliceGone: ({ name }) => lines.push(`slice ${name} gone`),
    synced: () => lines.push("synced"),
    applied: () => lines.push("applied"),
    openStream: ({ streamId }) => lines.push(`open ${streamId}`),
  };
  const view = new View(handlers, uid => lines.push(`forget ${uid}`));
  return { view, told: () => lines.splice(0).join(", ") };
}

describe("node view", () => {
  it("applies a snapshot, then changes", () => {
    const { view, told } = recorded();
    view.connected(registered);
    for (const each of [begin, peer(0, "node-1"), addresses(0, "web"), pod(0, "db"), end(7)])
      view.apply(each);
    assert.equal(told(), "registered one, peer node-1, addresses web, pod db, synced");
    assert.equal(view.revision, 7);
    view.apply(message(9, { case: "podDeleted", value: ref("db") }));
    view.apply(message(12, { case: "bookmark", value: {} }));
    assert.equal(told(), "forget uid-db, pod db deleted");
    assert.equal(view.revision, 12);
  });

  it("drops what a later snapshot does not name", () => {
    const { view, told } = recorded();
    view.connected(registered);
    const first = [
      begin,
      peer(0, "node-1"),
      peer(0, "node-2"),
      addresses(0, "web"),
      addresses(0, "api"),
      pod(0, "db"),
    ];
    for (const each of [...first, end(7)]) view.apply(each);
    told();
    view.connected({ ...registered, history: "two" });
    for (const each of [begin, peer(0, "node-2"), addresses(0, "api"), end(3)]) view.apply(each);
    assert.equal(
      told(),
      "registered two, peer node-2, addresses api, peer node-1 gone, addresses web gone, forget uid-db, pod db deleted, synced",
    );
    assert.deepEqual([view.revision, view.history], [3, "two"]);
  });

  it("knows the ConfigMaps and Secrets that its pods refer to, until they go or a snapshot leaves them out", () => {
    const { view, told } = recorded();
    const object = (name: string) =>
      Buffer.from(JSON.stringify({ metadata: { namespace: "default", name } }));
    view.connected(registered);
    const named = [
      message(0, { case: "configMap", value: object("settings") }),
      message(0, { case: "secret", value: object("keys") }),
      message(0, { case: "secret", value: object("old") }),
      message(0, { case: "secretGone", value: { namespace: "default", name: "old" } }),
    ];
    for (const each of [begin, ...named, pod(0, "db"), end(7)]) view.apply(each);
    assert.equal(
      told(),
      "registered one, ConfigMap settings, Secret keys, Secret old, Secret old gone, pod db, synced",
    );
    for (const each of [begin, named[0]!, pod(0, "db"), end(9)]) view.apply(each);
    assert.equal(told(), "ConfigMap settings, pod db, Secret keys gone, synced");
  });

  it("knows Services and their slices, until they go or a snapshot leaves them out", () => {
    const { view, told } = recorded();
    const name = (text: string) => ({ namespace: "default", name: text });
    const service = (text: string) =>
      message(0, { case: "service", value: { ...Service.decode(Buffer.alloc(0)), ...name(text) } });
    const slice = (text: string) =>
      message(0, {
        case: "endpointSlice",
        value: { ...name(text), service: "web", ports: [], endpoints: [] },
      });
    view.connected(registered);
    for (const each of [begin, service("web"), slice("web-1"), service("api"), slice("api-1"), end(7)])
      view.apply(each);
    assert.equal(told(), "registered one, service web, slice web-1, service api, slice api-1, synced");
    view.apply(message(8, { case: "serviceGone", value: name("api") }));
    view.apply(message(9, { case: "endpointSliceGone", value: name("api-1") }));
    assert.equal(told(), "service api gone, slice api-1 gone");
    for (const each of [begin, end(11)]) view.apply(each);
    assert.equal(told(), "service web gone, slice web-1 gone, synced");
  });

  it("knows the names of namespaces, until they go or a snapshot leaves them out", () => {
    const { view, told } = recorded();
    const namespace = (name: string) => message(0, { case: "namespace", value: { name } });
    view.connected(registered);
    for (const each of [begin, namespace("one"), namespace("two"), end(7)]) view.apply(each);
    assert.equal(told(), "registered one, namespace one, namespace two, synced");
    view.apply(message(8, { case: "namespaceGone", value: { name: "one" } }));
    assert.equal(told(), "namespace one gone");
    for (const each of [begin, end(9)]) view.apply(each);
    assert.equal(told(), "namespace two gone, synced");
  });

  it("asks for a snapshot again when one was cut", () => {
    const { view, told } = recorded();
    view.connected(registered);
    for (const each of [begin, peer(0, "node-1"), end(7), begin, peer(0, "node-2")]) view.apply(each);
    view.connected(registered);
    assert.equal(view.revision, 0);
    told();
    for (const each of [begin, peer(0, "node-2"), end(9)]) view.apply(each);
    assert.equal(told(), "peer node-2, peer node-1 gone, synced");
  });
});
