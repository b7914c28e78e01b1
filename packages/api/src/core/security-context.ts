/** Security contexts of pods and containers; kept as written. */
import {
  bool,
  defaulted,
  enumOf,
  field,
  type Infer,
  int64,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";

const capabilitiesFields = {
  add: field(1, list(string), ""),
  drop: field(2, list(string), ""),
};
export interface Capabilities extends Infer<typeof capabilitiesFields> {}

const seLinuxFields = {
  user: field(1, string, ""),
  role: field(2, string, ""),
  type: field(3, string, ""),
  level: field(4, string, ""),
};
export interface SELinuxOptions extends Infer<typeof seLinuxFields> {}
const seLinuxOptions = object<SELinuxOptions>("SELinuxOptions", seLinuxFields);

const windowsFields = {
  gmsaCredentialSpecName: field(1, string, ""),
  gmsaCredentialSpec: field(2, string, ""),
  runAsUserName: field(3, string, ""),
  hostProcess: field(4, bool, ""),
};
export interface WindowsOptions extends Infer<typeof windowsFields> {}
const windowsOptions = object<WindowsOptions>("WindowsSecurityContextOptions", windowsFields);

const profileFields = {
  type: field(1, required(enumOf("Localhost", "RuntimeDefault", "Unconfined")), ""),
  localhostProfile: field(2, string, ""),
};
export interface SecurityProfile extends Infer<typeof profileFields> {}
const seccompProfile = object<SecurityProfile>("SeccompProfile", profileFields);
const appArmorProfile = object<SecurityProfile>("AppArmorProfile", profileFields);

const containerSecurityContextFields = {
  capabilities: field(1, object<Capabilities>("Capabilities", capabilitiesFields), ""),
  privileged: field(2, bool, ""),
  seLinuxOptions: field(3, seLinuxOptions, ""),
  windowsOptions: field(10, windowsOptions, ""),
  runAsUser: field(4, int64, ""),
  runAsGroup: field(8, int64, ""),
  runAsNonRoot: field(5, bool, ""),
  readOnlyRootFilesystem: field(6, bool, ""),
  allowPrivilegeEscalation: field(7, bool, ""),
  procMount: field(9, string, ""),
  seccompProfile: field(11, seccompProfile, ""),
  appArmorProfile: field(12, appArmorProfile, ""),
};
export interface SecurityContext extends Infer<typeof containerSecurityContextFields> {}
export const containerSecurityContext = object<SecurityContext>(
  "SecurityContext",
  containerSecurityContextFields,
);

const sysctlFields = {
  name: field(1, required(string), ""),
  value: field(2, defaulted(string, ""), ""),
};
export interface Sysctl extends Infer<typeof sysctlFields> {}

const podSecurityContextFields = {
  seLinuxOptions: field(1, seLinuxOptions, ""),
  windowsOptions: field(8, windowsOptions, ""),
  runAsUser: field(2, int64, ""),
  runAsGroup: field(6, int64, ""),
  runAsNonRoot: field(3, bool, ""),
  supplementalGroups: field(4, list(int64), ""),
  supplementalGroupsPolicy: field(12, string, ""),
  fsGroup: field(5, int64, ""),
  sysctls: field(7, list(object<Sysctl>("Sysctl", sysctlFields)), ""),
  fsGroupChangePolicy: field(9, enumOf("Always", "OnRootMismatch"), ""),
  seccompProfile: field(10, seccompProfile, ""),
  appArmorProfile: field(11, appArmorProfile, ""),
  seLinuxChangePolicy: field(13, string, ""),
};
export interface PodSecurityContext extends Infer<typeof podSecurityContextFields> {}
export const podSecurityContext = object<PodSecurityContext>("PodSecurityContext", podSecurityContextFields);
