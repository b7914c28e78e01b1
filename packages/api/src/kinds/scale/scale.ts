/** The Scale of a workload, and its `scale` subresource: pkg/registry/apps, ScaleREST. */
import { type Scale, scale } from "../../autoscaling/scale.ts";
import type { KubernetesObject, LabelSelector } from "../../core/meta.ts";
import { fieldInvalid } from "../../validation/field-error.ts";
import { selectorText } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind, Subresource, View } from "../kind.ts";

export const scaleKind: Kind<Scale> = kindEntry<Scale>({
  kind: "Scale",
  group: "autoscaling",
  plural: "scales",
  schema: scale,
  validateUpdate: ({ spec: { replicas = 0 } }) =>
    replicas < 0 ? [fieldInvalid("spec.replicas", replicas, "must be greater than or equal to 0")] : [],
  columns: [
    nameColumn,
    column("Desired", "How many Pods there should be", object => object.spec.replicas ?? 0, {
      type: "integer",
    }),
    column("Available", "How many Pods there are", object => object.status.replicas, { type: "integer" }),
    ageColumn,
  ],
});

interface Scalable extends KubernetesObject {
  spec: { replicas?: number | undefined; selector?: LabelSelector | undefined };
  status: { replicas?: number | undefined };
}

function viewOf<T extends Scalable>(): View<T, Scale> {
  return {
    show: ({
      metadata: { name, namespace = "", uid, resourceVersion, creationTimestamp },
      spec,
      status,
    }) => ({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
      status: { replicas: status.replicas ?? 0, selector: selectorText(spec.selector) },
    }),
    put: ({ metadata: { uid, resourceVersion }, spec: { replicas = 0 } }, stored) => ({
      ...stored!,
      // What the form says of these is what it wants to find.
      metadata: { ...stored!.metadata, uid, resourceVersion },
      spec: { ...stored!.spec, replicas },
    }),
    configure: configuration => {
      const { metadata, spec } = configuration as Partial<Scale>;
      return { metadata, ...(spec !== undefined && { spec: { replicas: spec.replicas } }) };
    },
    storedField: field => field,
  };
}

export function scaleSubresource<T extends Scalable>(): Subresource<T> {
  return {
    name: "scale",
    verbs: ["get", "patch", "update"],
    form: { kind: scaleKind, view: viewOf<T>() },
    take: (stored, next) => ({ ...stored, spec: { ...stored.spec, replicas: next.spec.replicas } }),
    keeps: [["metadata"], ["status"]],
    validate: () => [],
  };
}
