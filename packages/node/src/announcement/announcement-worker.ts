/** The announcer's thread: it sleeps until a frame, a command or its time comes. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { EventFd } from "@podwire/linux";
import { Announcer } from "./announcer.ts";
import type { AnnouncerCommand, AnnouncerInput, AnnouncerReport } from "./commands.ts";

const { device, mac, node, vni, bellFd, ending } = workerData as AnnouncerInput;
const port = parentPort!;
const isEnding = new Int32Array(ending);

function takeCommands(): void {
  if (Atomics.load(isEnding, 0) !== 0) announcer.stop();
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    apply(next.message as AnnouncerCommand);
  }
}

function apply(command: AnnouncerCommand): void {
  switch (command.kind) {
    case "want":
      announcer.want(command.wanted);
      break;
    case "fresh":
      announcer.setFresh(command.isFresh);
      break;
    case "stop":
      announcer.stop();
      break;
  }
}

const announcer = new Announcer({
  device,
  mac,
  node,
  vni,
  bell: new EventFd(bellFd),
  nowMs: () => performance.now(),
  commands: takeCommands,
  changed: claimed => port.postMessage({ claimed } satisfies AnnouncerReport),
});
takeCommands();
announcer.run();
port.close();
