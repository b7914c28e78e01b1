/**
 * Which hints a Service's endpoints get: by zones and their CPU where the annotation `service.kubernetes.io/topology-mode`
 * asks for it, otherwise by trafficDistribution, otherwise none. What was given by zones is remembered, so that a change
 * of Nodes wakes those Services alone that it matters to.
 */
import type { Node, Service } from "@podwire/api";
import { type Informer, keyOf } from "@podwire/client";
import { ZONE } from "../../service-endpoints/names.ts";
import type { AddressFamily } from "../../service-endpoints/pod-endpoint.ts";
import type { SlicePlan } from "../plan.ts";
import { allocateHints, type Hinted, isOverloaded } from "./allocate.ts";
import { noHints, withHints } from "./apply.ts";
import { trafficDistributionHints } from "./traffic-distribution.ts";
import { type ZoneRatios, zoneRatios } from "./zones.ts";

const MODE = "service.kubernetes.io/topology-mode";
/** The older name of it, which counts before. */
const OLD_MODE = "service.kubernetes.io/topology-aware-hints";
const ENABLED = "Topology Aware Hints has been enabled";
const DISABLED = "Topology Aware Hints has been disabled";

type Tell = (type: "Normal" | "Warning", reason: string, message: string) => void;

export class TopologyHints {
  readonly #nodes: Informer<Node>;
  #ratios: ZoneRatios | undefined;
  /** Services that ask for hints by zones: what they were given, by family, and what they were told last. */
  readonly #asking = new Map<string, { hinted: Map<string, Hinted>; told: Map<string, string> }>();

  constructor(nodes: Informer<Node>) {
    this.#nodes = nodes;
  }

  /** Calls back with the key of each Service whose hints may have to be others since Nodes have changed. */
  follow(wake: (serviceKey: string) => void): void {
    this.#nodes.onChange(({ before, after }) => {
      if (before && after && sameForHints(before, after)) return;
      this.#ratios = zoneRatios(this.#nodes.values());
      for (const [key, { hinted }] of this.#asking) {
        const isGiven = hinted.size > 0;
        const isUnsafe = [...hinted.values()].some(each => isOverloaded(each, this.#ratios));
        if (isUnsafe || (!isGiven && this.#ratios !== undefined)) wake(key);
      }
    });
  }

  hint(service: Service, family: AddressFamily, plan: SlicePlan, tell: Tell): SlicePlan {
    const key = keyOf(service.metadata);
    if (asksForZones(service)) return this.#hintByZones(key, family, plan, tell);
    const known = this.#asking.get(key);
    if (known !== undefined && known.hinted.size > 0) {
      tell("Warning", "TopologyAwareHintsDisabled", `${DISABLED}, addressType: ${family}`);
    }
    this.#asking.delete(key);
    return withHints(plan, trafficDistributionHints(service) ?? noHints);
  }

  forget(key: string): void {
    this.#asking.delete(key);
  }

  #hintByZones(key: string, family: AddressFamily, plan: SlicePlan, tell: Tell): SlicePlan {
    const known = this.#asking.get(key) ?? { hinted: new Map<string, Hinted>(), told: new Map() };
    this.#asking.set(key, known);
    const tellOnce = (type: "Normal" | "Warning", reason: string, message: string) => {
      if (known.told.get(family) === message) return;
      known.told.set(family, message);
      tell(type, reason, `${message}, addressType: ${family}`);
    };
    const outcome = allocateHints(plan, this.#ratios);
    if ("why" in outcome) {
      known.hinted.delete(family);
      tellOnce("Warning", "TopologyAwareHintsDisabled", outcome.why);
      return withHints(plan, noHints);
    }
    if (known.hinted.size === 0) tellOnce("Normal", "TopologyAwareHintsEnabled", ENABLED);
    known.hinted.set(family, outcome.hinted);
    return outcome.plan;
  }
}

function asksForZones({ metadata: { annotations = {} } }: Service): boolean {
  const mode = annotations[OLD_MODE] ?? annotations[MODE];
  return mode === "Auto" || mode === "auto";
}

function sameForHints(a: Node, b: Node): boolean {
  const isReady = ({ status }: Node) => status.conditions?.find(({ type }) => type === "Ready")?.status;
  return (
    isReady(a) === isReady(b) &&
    a.status.allocatable?.cpu === b.status.allocatable?.cpu &&
    a.metadata.labels?.[ZONE] === b.metadata.labels?.[ZONE]
  );
}
