/** Users, groups, profiles and kernel parameters: ValidateSecurityContext, validatePodSpecSecurityContext. */
import type { PodSpec } from "../../core/pod.ts";
import type { SecurityContext, SecurityProfile, Sysctl } from "../../core/security-context.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from "../../validation/field-error.ts";
import { descendingPath } from "../../validation/paths.ts";
import { between } from "../../validation/range.ts";

const ID_MAX = 2 ** 31 - 1;
const PROC_MOUNTS = ["Default", "Unmasked"];
const SYSCTL_NAME = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL_NAME_MAX = 253;

export function validatePodSecurity(spec: PodSpec): FieldError[] {
  const field = "spec.securityContext";
  const { securityContext = {}, hostPID, shareProcessNamespace } = spec;
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [], sysctls = [] } = securityContext;
  const errors = [
    ...userOrGroup(`${field}.fsGroup`, fsGroup),
    ...userOrGroup(`${field}.runAsUser`, runAsUser),
    ...userOrGroup(`${field}.runAsGroup`, runAsGroup),
    ...supplementalGroups.flatMap((group, at) => userOrGroup(`${field}.supplementalGroups[${at}]`, group)),
  ];
  if (hostPID && shareProcessNamespace) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(fieldInvalid(`${field}.shareProcessNamespace`, true, detail));
  }
  return [
    ...errors,
    ...validateSysctls(sysctls, `${field}.sysctls`),
    ...validateProfiles(securityContext, field),
  ];
}

export function validateSecurity(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  field: string,
): FieldError[] {
  if (context === undefined) return [];
  const { runAsUser, runAsGroup, procMount, allowPrivilegeEscalation, privileged, capabilities } = context;
  const errors = [
    ...userOrGroup(`${field}.runAsUser`, runAsUser),
    ...userOrGroup(`${field}.runAsGroup`, runAsGroup),
  ];
  if (procMount !== undefined && !PROC_MOUNTS.includes(procMount)) {
    errors.push(fieldNotSupported(`${field}.procMount`, procMount, PROC_MOUNTS));
  }
  if (hostUsers && procMount === "Unmasked") {
    const detail = "`hostUsers` must be false to use `Unmasked`";
    errors.push(fieldInvalid(`${field}.procMount`, procMount, detail));
  }
  if (allowPrivilegeEscalation === false) {
    const cannot = "cannot set `allowPrivilegeEscalation` to false and";
    if (privileged) errors.push(fieldInvalid(field, context, `${cannot} \`privileged\` to true`));
    if (capabilities?.add?.includes("CAP_SYS_ADMIN")) {
      errors.push(fieldInvalid(field, context, `${cannot} \`capabilities.Add\` CAP_SYS_ADMIN`));
    }
  }
  return [...errors, ...validateProfiles(context, field)];
}

function userOrGroup(field: string, id: number | undefined): FieldError[] {
  if (id === undefined || (id >= 0 && id <= ID_MAX)) return [];
  return [fieldInvalid(field, id, between(0, ID_MAX))];
}

function validateSysctls(sysctls: readonly Sysctl[], list: string): FieldError[] {
  const seen = new Set<string>();
  return sysctls.flatMap(({ name }, at) => {
    const field = `${list}[${at}].name`;
    const isTwice = seen.has(name);
    seen.add(name);
    if (!name) return [];
    if (name.length > SYSCTL_NAME_MAX || !new RegExp(SYSCTL_NAME).test(name)) {
      const detail = `must have at most ${SYSCTL_NAME_MAX} characters and match regex ${SYSCTL_NAME}`;
      return [fieldInvalid(field, name, detail)];
    }
    return isTwice ? [fieldDuplicate(field, name)] : [];
  });
}

type Profiles = Pick<SecurityContext, "seccompProfile" | "appArmorProfile">;

function validateProfiles({ seccompProfile, appArmorProfile }: Profiles, field: string): FieldError[] {
  const seccomp = `${field}.seccompProfile.localhostProfile`;
  return [
    ...validateProfile(seccompProfile, seccomp, "seccomp"),
    ...(seccompProfile?.type === "Localhost"
      ? descendingPath(seccomp, seccompProfile.localhostProfile ?? "")
      : []),
    ...validateProfile(appArmorProfile, `${field}.appArmorProfile.localhostProfile`, "AppArmor"),
  ];
}

function validateProfile(
  profile: SecurityProfile | undefined,
  field: string,
  what: "seccomp" | "AppArmor",
): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  if (type === "Localhost") {
    return localhostProfile ? [] : [fieldRequired(field, `must be set when ${what} type is Localhost`)];
  }
  if (localhostProfile === undefined) return [];
  // For seccomp upstream shows the whole profile.
  const shown = what === "seccomp" ? { Type: type, LocalhostProfile: localhostProfile } : localhostProfile;
  return [fieldInvalid(field, shown, `can only be set when ${what} type is Localhost`)];
}
