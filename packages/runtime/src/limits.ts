/** Bounds of the runtime: each with its reason and what happens at the bound. */
export const LIMITS = {
  /** A container's log, and its one rotated predecessor: at the bound the older half is forgotten. */
  logFileBytes: 10 * 1024 * 1024,
  /** As containerd's max_container_log_line_size: a longer line is stored in parts (tag P). */
  logLineBytes: 16 * 1024,
  /** A container that writes faster is slowed down by its full FIFO, so that it cannot starve the daemon. */
  logBytesPerSecond: 16 * 1024 * 1024,
  /** What a log reader holds at once. */
  logReadBytes: 64 * 1024,

  /** A container's own writable directories are memory: ENOSPC inside the container at the bound. */
  writableDirectoryBytes: 64 * 1024 * 1024,
  /** Secrets of all pods of a node, which are kept in memory: a volume beyond cannot be set up. */
  secretBytes: 256 * 1024 * 1024,
  /** As upstream: a longer termination message is cut. */
  terminationMessageBytes: 4096,
  /** As upstream: what of a log becomes the termination message with FallbackToLogsOnError. */
  terminationLogLines: 80,
  terminationLogBytes: 2048,
  /** As upstream: what of a probe's answer or output is read; the rest is not. */
  probeOutputBytes: 10 * 1024,
  /** Names and FIFOs of a pod are prepared by one command line; more is refused by name. */
  containersPerPod: 100,
  /** Runs of a container whose log and exit status are kept: this one and the one before. */
  runsKept: 2,
  /** Commands in one container at once through exec; the next is refused. */
  execsPerContainer: 32,
  /** A pod answers a connection from inside its own network at once; one that does not is given up on. */
  dialTimeoutMs: 10_000,
  /** Output of a setup command that failed, for its error message: cut. */
  setupOutputBytes: 4096,

  /** A namespace holder or a container's setup takes milliseconds; after this it has failed. */
  setupTimeoutMs: 10_000,
  /** SIGKILL takes effect within milliseconds; a process in uninterruptible sleep is given up on. */
  killTimeoutMs: 5_000,
  /** A run whose process 1 is not there yet, or not any more, is looked at again after this. */
  killRetryMs: 10,
  /** As upstream: what a container gets between SIGTERM and SIGKILL though its preStop hook took all of the grace. */
  leastGraceMs: 2_000,
  /** A process 1 without a handler for its stop signal is looked at again: after the first, then twice as long, at most the longest. */
  handlerLookMs: { first: 20, longest: 1_000 },
  /** A container's end is reported when its output has been read, at the latest after this. */
  drainTimeoutMs: 1_000,

  /** Restart and image back-off, as upstream: 10 s, doubling, 300 s; forgotten after twice the longest. */
  backOffFirstMs: 10_000,
  backOffLongestMs: 300_000,
  backOffForgetMs: 600_000,
  /** Sandbox creation that failed for another reason than a full address range. */
  sandboxRetryMs: 5_000,

  /** As Docker's overlay2, and what the kernel takes as lower directories in one page of options. */
  imageLayers: 125,
  /** Of an archive, and of what it unpacks to: a bomb is refused at the bound. */
  imageBytes: 64 * 2 ** 30,
  layerEntries: 2_000_000,
  archiveEntries: 10_000,
  /** As the kernel's PATH_MAX. */
  layerPathBytes: 4095,
  /** Manifests, indexes and configs are some kilobytes; containerd and Docker refuse more than 4 MiB as well. */
  imageJsonBytes: 4 * 2 ** 20,
  /** Long names and attributes of one entry; the kernel takes no attribute over 64 KiB. */
  tarHeaderBytes: 2 ** 20,
  /** Links from name to name inside an archive, and indexes inside of indexes. */
  archiveLinks: 8,
  indexDepth: 4,
  archiveReadBytes: 256 * 1024,
  /** Symbolic links followed to find /etc/passwd in an image, as the kernel's MAXSYMLINKS. */
  imageSymlinks: 40,
  /** /etc/passwd and /etc/group of an image: more is not read. */
  imageUserFileBytes: 2 ** 20,
  /** Committing a load, or removing an image, takes milliseconds; another process that takes longer is named. */
  imageLockTimeoutMs: 60_000,
  /** What a container on an image has written, in memory: ENOSPC inside the container at the bound. */
  writableLayerBytes: 1024 * 1024 * 1024,
  /** A volume that could not be set up for another reason than a missing object. */
  volumeRetryMs: 2_000,
} as const;
