/** The indexes of Pods and Services against looking at all of them, over random changes. */
import assert from "node:assert/strict";
import type { Pod, Service } from "@podwire/api";
import type { Change, Informer } from "@podwire/client";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { LabelIndex, selects } from "./label-index.ts";
import { SelectorIndex } from "./selector-index.ts";

/** A cache that the test writes to. */
class Cache<T> {
  readonly objects = new Map<string, T>();
  readonly #handlers: ((change: Change<T>) => void)[] = [];

  put(key: string, after: T | undefined): void {
    const before = this.objects.get(key);
    if (before === undefined && after === undefined) return;
    if (after === undefined) this.objects.delete(key);
    else this.objects.set(key, after);
    for (const handler of this.#handlers) handler({ key, before, after });
  }

  asInformer(): Informer<never> {
    const byKey = (key: string) => this.objects.get(key);
    const onChange = (handler: (change: Change<T>) => void) => void this.#handlers.push(handler);
    return { byKey, onChange } as unknown as Informer<never>;
  }
}

describe("selection of Pods by Services", () => {
  it("is the same by the indexes as by looking at all", () => {
    const seed = testSeed();
    console.log(`      seed ${seed}`);
    const random = seededRandom(seed);
    const pods = new Cache<Pod>();
    const services = new Cache<Service>();
    const byLabel = new LabelIndex<Pod>(pods.asInformer());
    const bySelector = new SelectorIndex(services.asInformer());
    const pairs = () =>
      Object.fromEntries(
        ["app", "tier", "x/y"].filter(() => random(2) === 0).map(name => [name, `v${random(3)}`]),
      );
    const inSome = (prefix: string) => ({ namespace: `n${random(2)}`, name: `${prefix}${random(20)}` });
    for (let round = 0; round < 1_000; round++) {
      const isPod = random(2) === 0;
      const metadata = inSome(isPod ? "p" : "s");
      const key = `${metadata.namespace}/${metadata.name}`;
      const isGone = random(4) === 0;
      if (isPod)
        pods.put(
          key,
          isGone ? undefined : ({ metadata: { ...metadata, labels: pairs() } } as unknown as Pod),
        );
      else
        services.put(
          key,
          isGone ? undefined : ({ metadata, spec: { selector: pairs() } } as unknown as Service),
        );
      if (round % 10 > 0) continue;
      for (const [serviceKey, { metadata, spec }] of services.objects) {
        const { selector = {} } = spec;
        const expected = [...pods.objects.values()].filter(
          pod =>
            pod.metadata.namespace === metadata.namespace &&
            Object.keys(selector).length > 0 &&
            selects(selector, pod.metadata.labels),
        );
        const found = byLabel.selected(metadata.namespace!, selector);
        assert.deepEqual(new Set(found), new Set(expected));
        for (const pod of pods.objects.values()) {
          const isFound = [...bySelector.selecting(pod)].includes(serviceKey);
          assert.equal(isFound, expected.includes(pod));
        }
      }
    }
  });
});
