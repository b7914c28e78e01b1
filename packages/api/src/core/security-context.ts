/** Security contexts of pods and containers; kept as written. */
import {
  bool,
  defaulted,
  enumOf,
  type Infer,
  int64,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";

const capabilitiesFields = { add: list(string), drop: list(string) };
export interface Capabilities extends Infer<typeof capabilitiesFields> {}

const seLinuxFields = { user: string, role: string, type: string, level: string };
export interface SELinuxOptions extends Infer<typeof seLinuxFields> {}
const seLinuxOptions = object<SELinuxOptions>("SELinuxOptions", seLinuxFields);

const windowsFields = {
  gmsaCredentialSpecName: string,
  gmsaCredentialSpec: string,
  runAsUserName: string,
  hostProcess: bool,
};
export interface WindowsOptions extends Infer<typeof windowsFields> {}
const windowsOptions = object<WindowsOptions>("WindowsSecurityContextOptions", windowsFields);

const profileFields = {
  type: required(enumOf("Localhost", "RuntimeDefault", "Unconfined")),
  localhostProfile: string,
};
export interface SecurityProfile extends Infer<typeof profileFields> {}
const seccompProfile = object<SecurityProfile>("SeccompProfile", profileFields);
const appArmorProfile = object<SecurityProfile>("AppArmorProfile", profileFields);

const containerSecurityContextFields = {
  capabilities: object<Capabilities>("Capabilities", capabilitiesFields),
  privileged: bool,
  seLinuxOptions,
  windowsOptions,
  runAsUser: int64,
  runAsGroup: int64,
  runAsNonRoot: bool,
  readOnlyRootFilesystem: bool,
  allowPrivilegeEscalation: bool,
  procMount: string,
  seccompProfile,
  appArmorProfile,
};
export interface SecurityContext extends Infer<typeof containerSecurityContextFields> {}
export const containerSecurityContext = object<SecurityContext>(
  "SecurityContext",
  containerSecurityContextFields,
);

const sysctlFields = { name: required(string), value: defaulted(string, "") };
export interface Sysctl extends Infer<typeof sysctlFields> {}

const podSecurityContextFields = {
  seLinuxOptions,
  windowsOptions,
  runAsUser: int64,
  runAsGroup: int64,
  runAsNonRoot: bool,
  supplementalGroups: list(int64),
  supplementalGroupsPolicy: string,
  fsGroup: int64,
  sysctls: list(object<Sysctl>("Sysctl", sysctlFields)),
  fsGroupChangePolicy: enumOf("Always", "OnRootMismatch"),
  seccompProfile,
  appArmorProfile,
  seLinuxChangePolicy: string,
};
export interface PodSecurityContext extends Infer<typeof podSecurityContextFields> {}
export const podSecurityContext = object<PodSecurityContext>("PodSecurityContext", podSecurityContextFields);
