/**
 * Random histories of Services, Pods and custom Endpoints, with what the controllers of a real cluster (1.34) made of
 * them: these make the same of them, also when they are started anew at any moment.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Kind, type KubernetesObject, kinds, mergePatch } from "@podwire/api";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { AllObjects } from "../all-objects.ts";
import { startGarbageCollector } from "../garbage-collector/garbage-collector.ts";
import { NODES, type Step } from "../testing/endpoint-histories/history.ts";
import { type State, stateOf, type Transcript } from "../testing/endpoint-histories/state.ts";
import { WorkloadLab } from "../testing/workload-lab.ts";
import { serviceEndpoints } from "./start.ts";

const transcripts = readFileSync(new URL("../../transcripts/endpoints.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map(line => JSON.parse(line.replaceAll("NAMESPACE", "test")) as Transcript);

describe("endpoint controllers against transcripts of a real cluster", function () {
  this.timeout(60_000);
  let lab: WorkloadLab;
  const startLab = async () => {
    lab = await WorkloadLab.start({
      behave: () => "nothing",
      beside: context => {
        const objects = new AllObjects(context.api, context.log);
        return [serviceEndpoints(context), startGarbageCollector(context, objects), objects];
      },
    });
    for (const [name, zone] of Object.entries(NODES)) {
      await lab.addNode(name, { labels: zone ? { "topology.kubernetes.io/zone": zone } : {} });
    }
  };
  const play = async ({ history, states }: Transcript, between: () => Promise<void>) => {
    const left = [...states];
    for (const step of history) {
      await between();
      if (step.do !== "compare") await take(lab, step);
      else assert.deepEqual(await compared(lab, states.length - left.length), left.shift());
    }
  };
  beforeEach(startLab);
  afterEach(() => lab.stop());

  for (const [at, transcript] of transcripts.entries()) {
    it(`history ${at + 1}`, () => play(transcript, async () => {}));
  }

  it("with restarts, and with nothing settled in between", async () => {
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    for (const transcript of transcripts.filter(() => random(3) === 0)) {
      await lab.stop();
      await startLab();
      await play(transcript, async () => {
        for (let turns = random(6); turns > 0; turns--) await new Promise(resolve => setImmediate(resolve));
        if (random(3) > 0) return;
        lab.stopControllers();
        await lab.startControllers();
      });
    }
  });
});

async function compared(lab: WorkloadLab, at: number): Promise<State> {
  for (const { metadata } of await lab.list(kinds.services)) {
    await lab.change(kinds.services, metadata.name, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, compared: String(at) };
    });
  }
  await lab.settle();
  return stateOf(await lab.list(kinds.endpointSlices), await lab.list(kinds.endpoints));
}

async function take({ registry }: WorkloadLab, step: Exclude<Step, { do: "compare" }>): Promise<void> {
  const kind = kinds[step.kind] as unknown as Kind<KubernetesObject>;
  const namespace = "test";
  if (step.do === "create") {
    const metadata = { namespace, ...step.object.metadata };
    await registry.create(kind, { ...step.object, metadata } as never);
  } else if (step.do === "delete") {
    await registry.delete(kind, { namespace, name: step.name }, step.now ? { gracePeriodSeconds: 0 } : {});
  } else {
    const options = step.do === "status" ? { subresource: "status" } : {};
    const change = (copy: KubernetesObject) => mergePatch(copy, step.patch) as KubernetesObject;
    await registry.replace(kind, { namespace, name: step.name }, change, options);
  }
}
