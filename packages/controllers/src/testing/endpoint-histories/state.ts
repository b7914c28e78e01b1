/** What clusters have to agree on: endpoints, however they are spread over slices, without names and times of the cluster. */
import type { EndpointSlice, Endpoints } from "@podwire/api";
import { LAST_CHANGE } from "../../service-endpoints/names.ts";
import { repack } from "../../service-endpoints/subsets.ts";
import type { Step } from "./history.ts";

export interface State {
  readonly slices: unknown[];
  readonly endpoints: unknown[];
}

export interface Transcript {
  readonly history: readonly Step[];
  /** At each of its comparisons. */
  readonly states: readonly State[];
}

export function stateOf(slices: readonly EndpointSlice[], endpoints: readonly Endpoints[]): State {
  const texts = slices.map(slice => stableText(comparableSlice(slice))).sort();
  return {
    slices: texts.map(text => JSON.parse(text) as unknown),
    endpoints: endpoints.map(each => JSON.parse(stableText(comparableEndpoints(each))) as unknown),
  };
}

function comparableSlice({ metadata, addressType, ports, endpoints }: EndpointSlice): unknown {
  return {
    labels: metadata.labels,
    annotations: withoutTime(metadata.annotations),
    owners: metadata.ownerReferences?.map(({ uid: _, ...owner }) => owner),
    addressType,
    ports: inOrder(ports ?? []),
    endpoints: inOrder((endpoints ?? []).map(withoutUid)),
  };
}

function comparableEndpoints({ metadata, subsets }: Endpoints): unknown {
  const { name, labels, annotations } = metadata;
  const packed = repack(subsets ?? []).map(({ addresses, notReadyAddresses, ports }) => ({
    addresses: addresses?.map(withoutUid),
    notReadyAddresses: notReadyAddresses?.map(withoutUid),
    ports,
  }));
  return { name, labels: labels ?? {}, annotations: withoutTime(annotations), subsets: packed };
}

function withoutUid<T extends { targetRef?: { uid?: string | undefined } | undefined }>(endpoint: T): T {
  const { uid: _, ...targetRef } = endpoint.targetRef ?? {};
  return endpoint.targetRef === undefined ? endpoint : { ...endpoint, targetRef };
}

function withoutTime(annotations: Readonly<Record<string, string>> = {}): unknown {
  const { [LAST_CHANGE]: _, ...others } = annotations;
  return others;
}

function inOrder(list: readonly unknown[]): unknown[] {
  return list
    .map(stableText)
    .sort()
    .map(text => JSON.parse(text) as unknown);
}

function stableText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
