/** The controllers that write down which Pods are behind a Service, over caches that they share. */
import { type EndpointSlice, type Endpoints, kinds, type Service } from "@podwire/api";
import { Informer } from "@podwire/client";
import type { Controller, ControllerContext } from "../context.ts";
import { startEndpointSliceMirroring } from "../endpoint-slice-mirroring/endpoint-slice-mirroring.ts";
import { startEndpointSlices } from "../endpoint-slices/endpoint-slices.ts";
import { startEndpoints } from "../endpoints/endpoints.ts";
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
  const endpoints = new Informer<Endpoints>(api, kinds.endpoints, { log });
  const selection = new Selection(context, services);
  const sliceCache = new SliceCache(new Owned(api, kinds.endpointSlices, slices));
  const running = [
    startEndpointSlices(context, selection, endpoints, sliceCache),
    startEndpoints(context, selection, endpoints),
    startEndpointSliceMirroring(context, selection, endpoints, sliceCache),
  ];
  const caches = [slices, endpoints, services];
  return {
    start: async () => {
      await Promise.all(caches.map(cache => cache.start()));
      for (const each of running) each.started?.();
    },
    stop: () => {
      for (const each of [...running, ...caches]) each.stop();
    },
  };
}
