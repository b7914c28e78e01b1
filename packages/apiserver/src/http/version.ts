/** What /version says: the Kubernetes version whose API this is, so that clients know what to expect. */

const KUBERNETES = { major: "1", minor: "34" } as const;

export const VERSION = {
  ...KUBERNETES,
  gitVersion: `v${KUBERNETES.major}.${KUBERNETES.minor}.0+podwire`,
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: `node ${process.version}`,
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};
