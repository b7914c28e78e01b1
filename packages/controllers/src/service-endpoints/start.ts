/** The controllers that write down which Pods are behind a Service, over caches that they share. */
import { type EndpointSlice, kinds, type Service } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { startEndpointSlices } from "../endpoint-slices/endpoint-slices.ts";
import { Owned } from "../workloads/owned.ts";
import { Selection } from "./selection.ts";
import { SliceCache } from "./slice-cache.ts";

export interface ServiceEndpoints extends Controller {
  /** Fills the caches. To be called when Nodes and Pods are known. */
  start(): Promise<void>;
}

/** To be called before the context's informers start. */
export function serviceEndpoints(context: ControllerContext): ServiceEndpoints {
  const { api, log } = context;
  const services = new Informer<Service>(api, kinds.services, { log });
  const slices = new Informer<EndpointSlice>(api, kinds.endpointSlices, { log });
  const selection = new Selection(context, services);
  const sliceCache = new SliceCache(new Owned(api, kinds.endpointSlices, slices));
  const running = [startEndpointSlices(context, selection, sliceCache)];
  return {
    start: async () => {
      // Slices first: a Service must not look like one that has none.
      await slices.start();
      await services.start();
    },
    stop: () => {
      for (const each of [...running, services, slices]) each.stop();
    },
  };
}
