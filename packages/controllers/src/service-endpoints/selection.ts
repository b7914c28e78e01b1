/**
 * Which Pods are behind which Service, for the controllers that write it down, and when to look again: when a Service
 * changes, when a Pod comes, goes or changes in what endpoints say of it, and when the Node of a Pod does.
 */
import { jsonEqual, type Node, type Pod, type Service } from "@podwire/api";
import type { Informer } from "@podwire/client";
import type { ControllerContext } from "../context.ts";
import { hasEnded, isReady } from "../workloads/pod-state.ts";
import { LabelIndex } from "./label-index.ts";
import { ZONE } from "./names.ts";
import { SelectorIndex, selectorOf } from "./selector-index.ts";

export class Selection {
  readonly services: Informer<Service>;
  readonly #context: ControllerContext;
  readonly #byLabel: LabelIndex<Pod>;
  readonly #bySelector: SelectorIndex;

  /** To be made before others listen to the informers. */
  constructor(context: ControllerContext, services: Informer<Service>) {
    this.#context = context;
    this.services = services;
    this.#byLabel = new LabelIndex(context.pods);
    this.#bySelector = new SelectorIndex(services);
  }

  podsOf(service: Service): Pod[] {
    return this.#byLabel.selected(service.metadata.namespace!, selectorOf(service) ?? {});
  }

  nodeOf({ spec: { nodeName } }: Pod): Node | undefined {
    return nodeName ? this.#context.nodes.get({ name: nodeName }) : undefined;
  }

  /** Calls back with the key of each Service whose endpoints may be others now. */
  follow(wake: (key: string) => void): void {
    const { pods, nodes, podsByNode } = this.#context;
    this.services.onChange(({ key }) => wake(key));
    pods.onChange(({ before, after }) => {
      if (before && after && sameForEndpoints(before, after)) return;
      for (const pod of [before, after]) if (pod) this.#wakeServicesOf(pod, wake);
    });
    nodes.onChange(({ key, before, after }) => {
      if (before && after && before.metadata.labels?.[ZONE] === after.metadata.labels?.[ZONE]) return;
      for (const pod of podsByNode.on(key)) this.#wakeServicesOf(pod, wake);
    });
  }

  #wakeServicesOf(pod: Pod, wake: (key: string) => void): void {
    for (const key of this.#bySelector.selecting(pod)) wake(key);
  }
}

function sameForEndpoints(a: Pod, b: Pod): boolean {
  return (
    isReady(a) === isReady(b) &&
    hasEnded(a) === hasEnded(b) &&
    a.metadata.uid === b.metadata.uid &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    a.spec.nodeName === b.spec.nodeName &&
    a.spec.hostname === b.spec.hostname &&
    a.spec.subdomain === b.spec.subdomain &&
    jsonEqual(a.status.podIPs, b.status.podIPs) &&
    jsonEqual(a.metadata.labels, b.metadata.labels)
  );
}
