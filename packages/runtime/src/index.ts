/** Pod sandboxes and containers: see README.md. */
export { installPause, pausePath } from "./pause/install.ts";
export { type HolderOptions, spawnHolder } from "./process/holder.ts";
export { isRunning, type ProcessIdentity, readIdentity, signal } from "./process/identity.ts";
