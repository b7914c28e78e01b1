import assert from "node:assert/strict";
import { Drop } from "./drop.ts";
import {
  allocateFlowRecords,
  FlowEvent,
  FlowField,
  FlowRecordReader,
  FlowRecordWriter,
} from "./flow-records.ts";
import { HOST_TARGET, TargetKind, target } from "./target.ts";

function write(writer: FlowRecordWriter, port: number, verdict: number = Drop.none): void {
  const at = writer.begin();
  writer.words.fill(0, at + 1, at + 32);
  writer.words[at + FlowField.event] = verdict === Drop.none ? FlowEvent.ended : FlowEvent.dropped;
  writer.words[at + FlowField.verdict] = verdict;
  writer.words[at + FlowField.protocol] = 6;
  writer.words.set([0, 0, 0xffff, 0x0af40002], at + FlowField.source);
  writer.words.set([0xfd000000 | 0, 0, 0, 1], at + FlowField.destination);
  writer.words[at + FlowField.sourcePort] = port;
  writer.words[at + FlowField.sourceTarget] = target(TargetKind.pod, 3);
  writer.words[at + FlowField.destinationTarget] = HOST_TARGET;
  writer.floats[(at + FlowField.startMs) / 2] = 1.7e12;
  writer.floats[(at + FlowField.bytes) / 2] = 2 ** 40;
  writer.commit();
}

describe("flow records", () => {
  it("are read as they were written", () => {
    const ring = allocateFlowRecords(8);
    const writer = new FlowRecordWriter(ring);
    const reader = new FlowRecordReader(ring);
    assert.deepEqual(reader.read(), []);
    write(writer, 1);
    write(writer, 2, Drop.noRoute);
    const [first, second] = reader.read();
    assert.deepEqual(
      [first!.event, first!.verdict, first!.dropReason, first!.source, first!.destination, first!.sourcePort],
      ["ended", "forwarded", "none", "10.244.0.2", "fd00::1", 1],
    );
    assert.deepEqual(
      [first!.from, first!.to],
      [
        { kind: "pod", index: 3 },
        { kind: "host", index: 0 },
      ],
    );
    assert.deepEqual([first!.startMs, first!.bytes], [1.7e12, 2 ** 40]);
    assert.deepEqual(
      [second!.event, second!.verdict, second!.dropReason],
      ["dropped", "dropped", "no-route"],
    );
    assert.deepEqual(reader.read(), []);
  });

  it("tell a reader that lags how many it lost, and each reader keeps its own place", () => {
    const ring = allocateFlowRecords(8);
    const writer = new FlowRecordWriter(ring);
    const slow = new FlowRecordReader(ring);
    const quick = new FlowRecordReader(ring);
    const quickPorts: number[] = [];
    for (let port = 0; port < 21; port++) {
      write(writer, port);
      quickPorts.push(...quick.read(1).map(record => record.sourcePort));
    }
    assert.deepEqual(
      slow.read().map(record => record.sourcePort),
      [13, 14, 15, 16, 17, 18, 19, 20],
    );
    assert.equal(slow.lost, 13);
    assert.equal(quick.lost, 0);
    assert.deepEqual(
      quickPorts,
      Array.from({ length: 21 }, (_, port) => port),
    );
    const late = new FlowRecordReader(ring);
    assert.equal(late.read(3).length, 3);
    assert.equal(late.read().length, 5);
    assert.equal(late.lost, 0);
  });

  it("do not show a record that is being written", () => {
    const ring = allocateFlowRecords(4);
    const writer = new FlowRecordWriter(ring);
    for (let port = 0; port < 4; port++) write(writer, port);
    const reader = new FlowRecordReader(ring);
    writer.begin();
    assert.deepEqual(
      reader.read().map(record => record.sourcePort),
      [1, 2, 3],
    );
    assert.equal(reader.lost, 1);
  });
});
