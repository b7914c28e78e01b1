/**
 * The thread that carries packets. It opens the overlay's sockets, builds the pipeline over them, says that it has
 * started, and runs the loop until it is told to stop. Commands are applied between two breaths.
 */

import { randomBytes } from "node:crypto";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { createArena, layoutArena, Pipeline } from "@podwire/dataplane";
import { addressOf, EventFd, LinuxPacketIo, PACKET_IO_SCRATCH_BYTES } from "@podwire/linux";
import { Counter, Counters } from "@podwire/tables";
import { type Answer, type Command, type Posted, STARTED, type WorkerInput } from "./commands.ts";
import { openFlows } from "./flows-file.ts";
import { Loop } from "./loop.ts";

const input = workerData as WorkerInput;
const port = parentPort!;
const ending = new Int32Array(input.ending);
const counters = new Counters(input.counters);

function answer(message: Answer): void {
  port.postMessage(message);
}

class DataPlaneThread {
  readonly #io: LinuxPacketIo;
  readonly #pipeline: Pipeline;
  readonly #loop: Loop;

  constructor() {
    const layout = layoutArena(PACKET_IO_SCRATCH_BYTES);
    const arena = createArena(layout.end, addressOf);
    const seed = new Uint32Array(randomBytes(8).buffer.slice(0));
    this.#io = new LinuxPacketIo({ arena, scratchAt: 0, udpPort: input.udpPort });
    const flows = input.flowsPath === undefined ? undefined : openFlows(input.flowsPath);
    this.#pipeline = new Pipeline({
      ...(flows && { flowMemory: flows.memory }),
      io: this.#io,
      counters,
      flowRecords: input.flowRecords,
      hashSeed: [seed[0]!, seed[1]!],
      layout,
      mergeUdp: input.udpSegmentation,
    });
    if (flows?.before !== undefined) {
      this.#pipeline.restore(flows.before, performance.timeOrigin + performance.now());
    }
    flows?.keep();
    this.#pipeline.publish(input.tables);
    this.#loop = new Loop({
      bell: new EventFd(input.bellFd),
      underlayFd: this.#io.underlayFd,
      breath: this.#pipeline,
      commands: () => this.#takeCommands(),
      liveFlows: () => counters.cells[Counter.flowsLive]!,
    });
  }

  run(): void {
    this.#loop.run();
    this.#io.close();
  }

  #takeCommands(): void {
    if (Atomics.load(ending, 0) !== 0) this.#loop.stop();
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const { id, command } = next.message as Posted;
      try {
        this.#apply(command);
        answer({ id });
      } catch (error) {
        answer({ id, error: `${command.kind}: ${(error as Error).message}` });
      }
    }
  }

  #apply(command: Command): void {
    switch (command.kind) {
      case "addPort":
        this.#io.addPort(command.port, command.fd);
        this.#loop.addPort(command.port, command.fd);
        this.#pipeline.addPort(command.port, command.mtu);
        break;
      case "removePort":
        this.#loop.removePort(command.port);
        this.#pipeline.removePort(command.port);
        this.#io.removePort(command.port);
        break;
      case "publish":
        for (const peer of command.peers) this.#io.setPeer(peer.index, peer.address, peer.udpPort);
        this.#pipeline.publish(command.tables, command.services);
        break;
      case "publishServices":
        this.#pipeline.publishServices(command.services);
        break;
      case "stop":
        this.#loop.stop();
        break;
    }
  }
}

function start(): DataPlaneThread | undefined {
  try {
    const thread = new DataPlaneThread();
    answer({ id: STARTED });
    return thread;
  } catch (error) {
    answer({ id: STARTED, error: (error as Error).message });
    return undefined;
  }
}

start()?.run();
