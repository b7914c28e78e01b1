/** Pod sandboxes and containers: see README.md. */
export type { AttachOptions, AttachSession } from "./container/attach.ts";
export type { ExecOptions, ExecSession } from "./container/exec.ts";
export { ImageError } from "./images/image-error.ts";
export { ImageStore, type StoredImage } from "./images/store/store.ts";
export type { LogOptions } from "./logs/log-reader.ts";
export { installPause, pausePath } from "./pause/install.ts";
export { AddressRangeFull, type Clock, type Network, type PodEvent, type PodRef } from "./pod/ports.ts";
export { type HolderOptions, spawnHolder } from "./process/holder.ts";
export { isRunning, type ProcessIdentity, parseStat, readIdentity, signal } from "./process/identity.ts";
export { takeLock } from "./process/lock.ts";
export { Runtime, type RuntimeOptions } from "./runtime.ts";
export type { ConfigKind, ConfigObject, ConfigObjects } from "./volumes/config-objects.ts";
