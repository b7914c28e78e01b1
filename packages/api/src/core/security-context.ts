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
  add: field(1, list(string), "Capabilities to add."),
  drop: field(2, list(string), "Capabilities to take away."),
};
export interface Capabilities extends Infer<typeof capabilitiesFields> {}

const seLinuxFields = {
  user: field(1, string, "User part of the label."),
  role: field(2, string, "Role part of the label."),
  type: field(3, string, "Type part of the label."),
  level: field(4, string, "Level part of the label."),
};
export interface SELinuxOptions extends Infer<typeof seLinuxFields> {}
const seLinuxOptions = object<SELinuxOptions>("SELinuxOptions", seLinuxFields);

const windowsFields = {
  gmsaCredentialSpecName: field(1, string, "Name of the GMSA credential spec."),
  gmsaCredentialSpec: field(2, string, "The GMSA credential spec itself."),
  runAsUserName: field(3, string, "Windows user to run as."),
  hostProcess: field(4, bool, "Runs as a process of the host."),
};
export interface WindowsOptions extends Infer<typeof windowsFields> {}
const windowsOptions = object<WindowsOptions>("WindowsSecurityContextOptions", windowsFields);

const profileFields = {
  type: field(
    1,
    required(enumOf("Localhost", "RuntimeDefault", "Unconfined")),
    "Which kind of profile: the runtime's, one of the Node's files, or none.",
  ),
  localhostProfile: field(2, string, "The profile on the Node, for the type Localhost."),
};
export interface SecurityProfile extends Infer<typeof profileFields> {}
const seccompProfile = object<SecurityProfile>("SeccompProfile", profileFields);
const appArmorProfile = object<SecurityProfile>("AppArmorProfile", profileFields);

const containerSecurityContextFields = {
  capabilities: field(
    1,
    object<Capabilities>("Capabilities", capabilitiesFields),
    "Linux capabilities to add or to take away.",
  ),
  privileged: field(2, bool, "Gives the container what the Node itself may do."),
  seLinuxOptions: field(3, seLinuxOptions, "SELinux label of the container."),
  windowsOptions: field(10, windowsOptions, "Settings for Windows."),
  runAsUser: field(4, int64, "User to run as; the image's, where nothing is said."),
  runAsGroup: field(8, int64, "Group to run as; the image's, where nothing is said."),
  runAsNonRoot: field(5, bool, "Refuses to start the container as root."),
  readOnlyRootFilesystem: field(6, bool, "Mounts the root file system read-only."),
  allowPrivilegeEscalation: field(7, bool, "Whether a process may gain more privileges than its parent has."),
  procMount: field(9, string, "How /proc is mounted."),
  seccompProfile: field(11, seccompProfile, "Which system calls are allowed."),
  appArmorProfile: field(12, appArmorProfile, "Which AppArmor profile applies."),
};
export interface SecurityContext extends Infer<typeof containerSecurityContextFields> {}
export const containerSecurityContext = object<SecurityContext>(
  "SecurityContext",
  containerSecurityContextFields,
  { doc: "SecurityContext holds settings of users, groups and the kernel for a container." },
);

const sysctlFields = {
  name: field(1, required(string), "Name of the kernel parameter."),
  value: field(2, defaulted(string, ""), "Value to set it to."),
};
export interface Sysctl extends Infer<typeof sysctlFields> {}

const podSecurityContextFields = {
  seLinuxOptions: field(1, seLinuxOptions, "SELinux label of the containers."),
  windowsOptions: field(8, windowsOptions, "Settings for Windows."),
  runAsUser: field(2, int64, "User that containers run as."),
  runAsGroup: field(6, int64, "Group that containers run as."),
  runAsNonRoot: field(3, bool, "Refuses to start containers as root."),
  supplementalGroups: field(4, list(int64), "Further groups of the containers' first processes."),
  supplementalGroupsPolicy: field(12, string, "Whether groups of the image's user count as well."),
  fsGroup: field(5, int64, "Group that volumes belong to."),
  sysctls: field(
    7,
    list(object<Sysctl>("Sysctl", sysctlFields)),
    "Kernel parameters of the Pod's namespaces.",
  ),
  fsGroupChangePolicy: field(
    9,
    enumOf("Always", "OnRootMismatch"),
    "When the ownership of volumes is changed.",
  ),
  seccompProfile: field(10, seccompProfile, "Which system calls are allowed."),
  appArmorProfile: field(11, appArmorProfile, "Which AppArmor profile applies."),
  seLinuxChangePolicy: field(13, string, "How volumes get the SELinux label."),
};
export interface PodSecurityContext extends Infer<typeof podSecurityContextFields> {}
export const podSecurityContext = object<PodSecurityContext>("PodSecurityContext", podSecurityContextFields, {
  doc: "PodSecurityContext holds settings of users, groups and the kernel for a Pod.",
});
