/** What a StatefulSet must satisfy: pkg/apis/apps/validation, ValidateStatefulSet. */
import type { StatefulSet, StatefulSetSpec } from "../../apps/stateful-set.ts";
import type { PodTemplateSpec } from "../../core/pod-template.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { nonNegative, shaped } from "../../validation/fields.ts";
import { notMoreThanWhole, validateIntOrPercent } from "../../validation/int-or-percent.ts";
import { dnsLabelProblems } from "../../validation/names.ts";
import { jsonEqual } from "../../values/equal.ts";
import { validateSelector, validateServingTemplate } from "../template/validate.ts";

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  const { replicas, minReadySeconds, ordinals, serviceName, selector } = spec;
  return [
    ...validateStrategy(spec),
    ...nonNegative("spec.replicas", replicas),
    ...nonNegative("spec.minReadySeconds", minReadySeconds),
    ...nonNegative("spec.ordinals.start", ordinals?.start),
    ...(serviceName ? shaped("spec.serviceName", serviceName, dnsLabelProblems) : []),
    ...validateSelector(selector, spec.template, "statefulset", ""),
    ...(spec.template === undefined ? [] : validateServingTemplate(asRun(spec), "StatefulSet")),
  ];
}

/** With the volumes of its claims; the names are given by the controller, whatever the template says. */
function asRun({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  if (template.spec === undefined) return template;
  const { hostname: _, subdomain: __, volumes = [], ...rest } = template.spec;
  const claims = volumeClaimTemplates.map(({ metadata }) => ({
    name: metadata?.name ?? "",
    persistentVolumeClaim: { claimName: metadata?.name ?? "" },
  }));
  const others = volumes.filter(volume => !claims.some(claim => claim.name === volume.name));
  return { ...template, spec: { ...rest, volumes: [...claims, ...others] } };
}

function validateStrategy({ updateStrategy }: StatefulSetSpec): FieldError[] {
  const field = "spec.updateStrategy.rollingUpdate";
  const { type, rollingUpdate } = updateStrategy ?? {};
  if (rollingUpdate === undefined) return [];
  if (type === "OnDelete") {
    return [fieldInvalid(field, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  const { partition, maxUnavailable } = rollingUpdate;
  return [
    ...nonNegative(`${field}.partition`, partition),
    ...validateIntOrPercent(`${field}.maxUnavailable`, maxUnavailable),
    ...notMoreThanWhole(`${field}.maxUnavailable`, maxUnavailable),
  ];
}

const IMMUTABLE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export function validateStatefulSetUpdate(next: StatefulSet, stored: StatefulSet): FieldError[] {
  const kept = ({
    replicas: _,
    ordinals: __,
    template: ___,
    updateStrategy: ____,
    revisionHistoryLimit: _____,
    persistentVolumeClaimRetentionPolicy: ______,
    minReadySeconds: _______,
    ...rest
  }: StatefulSetSpec) => rest;
  return jsonEqual(kept(next.spec), kept(stored.spec)) ? [] : [fieldForbidden("spec", IMMUTABLE)];
}
