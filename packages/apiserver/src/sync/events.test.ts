/** Events in a real registry: what happens again is counted, and lists are in the order of time. */
import assert from "node:assert/strict";
import { type Event, kinds } from "@podwire/api";
import { openMemoryStore } from "@podwire/store";
import { openRegistry } from "../registry/open.ts";
import type { Registry } from "../registry/registry.ts";
import { eventRecorder, type RecordEvent } from "./events.ts";

const START = Date.parse("2025-01-01T00:00:00Z");
const POD = { kind: "Pod", apiVersion: "v1", namespace: "default", name: "web", uid: "1" };
const ORIGIN = { component: "kubelet", host: "node-1" };

describe("recorder of Events", () => {
  let registry: Registry;
  let nowMs = START;
  let record: RecordEvent;
  beforeEach(async () => {
    registry = await openRegistry(openMemoryStore());
    nowMs = START;
    record = eventRecorder(registry, assert.fail, () => nowMs);
  });

  /** The Events in the order of a list, once they are these. */
  const become = async (expected: readonly string[]) => {
    const words = ({ reason, count }: Event) => `${reason} ${count}`;
    const watch = registry.watch(kinds.events, { afterRevision: registry.revision });
    for (;;) {
      const events = (await registry.list(kinds.events)).items.map(each => each.object);
      if (events.map(words).join() === expected.join()) return events;
      await watch.next();
    }
  };

  it("lists the Events of one second in the order in which they came", async () => {
    const reasons = ["Scheduled", "Pulled", "Created", "Started", "Killing"];
    for (const reason of reasons) record(POD, "Normal", reason, `${reason} it`, ORIGIN);
    const events = await become(reasons.map(reason => `${reason} 1`));
    for (const { metadata } of events) assert.match(metadata.name, /^web\.[0-9a-f]{16}$/);
  });

  it("counts what happens again, however soon, and says when it was last", async () => {
    record(POD, "Warning", "BackOff", "Back-off", ORIGIN);
    record(POD, "Warning", "BackOff", "Back-off", ORIGIN);
    nowMs += 5_000;
    record(POD, "Warning", "BackOff", "Back-off", ORIGIN);
    record(POD, "Warning", "BackOff", "another message", ORIGIN);
    const [event] = await become(["BackOff 3", "BackOff 1"]);
    assert.deepEqual(
      [event!.firstTimestamp, event!.lastTimestamp],
      ["2025-01-01T00:00:00Z", "2025-01-01T00:00:05Z"],
    );
  });

  it("counts anew after the Event was deleted", async () => {
    record(POD, "Normal", "Pulled", "there", ORIGIN);
    const [event] = await become(["Pulled 1"]);
    await registry.delete(kinds.events, { namespace: "default", name: event!.metadata.name });
    record(POD, "Normal", "Pulled", "there", ORIGIN);
    await become(["Pulled 1"]);
  });
});
