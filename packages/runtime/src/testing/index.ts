/** Image archives, for tests of other packages. */
export { busyboxLayer, dockerArchive, imageId, ociArchive, type TestImage } from "./image-archives.ts";
export { tar } from "./tar.ts";
