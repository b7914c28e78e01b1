import assert from "node:assert/strict";
import type { PodSpec } from "@podwire/api";
import { boundingSet } from "./container/capabilities.ts";
import { imageName, imageProblem, resolveImage } from "./images/image.ts";
import { ImageStore } from "./images/store/store.ts";
import { expand } from "./pod/expand.ts";
import { parseStat } from "./process/identity.ts";
import { quote } from "./process/run.ts";
import { hostMounts } from "./rootfs/host-mounts.ts";
import { hostsFile, kernelHostname } from "./sandbox/etc-files.ts";
import { podResolvConf } from "./sandbox/resolv-conf.ts";
import { testContainer, testPod } from "./testing/pods.ts";

describe("small rules", () => {
  it("expands $(NAME) as Kubernetes does", () => {
    const lookup = (name: string): string | undefined => ({ A: "1", B: "$(A)" })[name];
    const table: [string, string][] = [
      ["$(A)", "1"],
      ["x$(A)y$(A)", "x1y1"],
      ["$$(A)", "$(A)"],
      ["$$$(A)", "$1"],
      ["$(NONE)", "$(NONE)"],
      ["$(B)", "$(A)"],
      ["$A $( $(A", "$A $( $(A"],
      ["100%$", "100%$"],
    ];
    for (const [text, expected] of table) assert.equal(expand(text, lookup), expected, text);
  });

  it("finds the built-in images under any registry, tag and digest", () => {
    const agnhost = [
      "agnhost",
      "agnhost:2.53",
      "registry.example/e2e-test-images/agnhost:2.53@sha256:ab",
      "h:5000/agnhost",
    ];
    for (const reference of agnhost) assert.equal(imageName(reference), "agnhost", reference);
    const store = new ImageStore("/nonexistent/images");
    assert.equal(resolveImage("registry.example/pause:3.10", store).kind, "built-in");
    for (const reference of ["nginx", "agnhost-extra:1", "my/pause-er", "constructor"]) {
      assert.equal(resolveImage(reference, store).kind, "host", reference);
    }
  });

  it("runs an unknown image's command on the host's root, unless that would surprise", () => {
    const host = { kind: "host", id: "podwire.dev/host-root" } as const;
    const problem = (more: object, before?: string) =>
      imageProblem({ name: "a", image: "nginx", ...more } as never, host, before);
    assert.equal(imageProblem(testContainer("a", "true"), host, undefined), undefined);
    assert.equal(imageProblem(testContainer("a", "true"), host, host.id), undefined);
    assert.equal(problem({ args: ["x"] })!.reason, "ErrImagePull");
    assert.match(problem({ args: ["x"] })!.message, /podwire image load FILE.*set the container's command/);
    const never = problem({ command: ["x"], imagePullPolicy: "Never" })!;
    assert.equal(never.reason, "ErrImageNeverPull");
    assert.match(never.message, /^Container image "nginx" is not present with pull policy of Never: /);
    assert.match(problem({ command: ["x"] }, `sha256:${"0".repeat(64)}`)!.message, /has been removed since/);
  });

  it("grants what stays inside the pod, and says what does not", () => {
    assert.match(boundingSet(undefined), /^-all,\+audit_write,.*\+net_raw,/);
    assert.doesNotMatch(boundingSet(undefined), /mknod|net_admin|sys_admin/);
    assert.equal(boundingSet({ drop: ["ALL"], add: ["NET_BIND_SERVICE"] }), "-all,+net_bind_service");
    assert.match(boundingSet({ add: ["CAP_NET_ADMIN"] }), /\+net_admin/);
    assert.throws(
      () => boundingSet({ add: ["SYS_MODULE"] }),
      /SYS_MODULE would reach the host; allowed are /,
    );
  });

  it("shows the host's file systems, not the kernel's or what is private", () => {
    const mountinfo = `22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
28 27 8:1 / /home\\040dir rw - ext4 /dev/sda1 rw
29 27 0:25 / /run rw - tmpfs tmpfs rw
30 29 0:26 / /run/user/1 rw - ext4 /dev/x rw
31 27 0:27 / /opt/data rw - xfs /dev/y rw
32 27 0:27 /f /etc/hosts rw - ext4 /dev/y rw
33 27 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw
34 27 0:29 / /home\\040dir/doc rw - fuse.portal portal rw
`;
    assert.deepEqual(
      hostMounts(mountinfo, path => path !== "/etc/hosts"),
      ["/home dir", "/opt/data"],
    );
  });

  it("reads a process's identity past any name it gave itself", () => {
    const fields = Array.from({ length: 50 }, (_, index) => String(index + 3)).join(" ");
    assert.deepEqual(parseStat(`42 (a) S b) S ${fields.slice(2)}\n`), {
      pid: 42,
      startTicks: "22",
      state: "S",
      parent: 4,
      flags: 9,
    });
    assert.equal(parseStat("42 (sh) S 1 2"), undefined);
    assert.equal(parseStat(""), undefined);
  });

  it("quotes for the shell", () => {
    assert.equal(quote("plain-1.2/x"), "plain-1.2/x");
    assert.equal(quote("it's $HOME"), `'it'\\''s $HOME'`);
    assert.equal(quote(""), "''");
  });

  it("writes /etc/hosts with subdomain and aliases", () => {
    const pod = testPod([], { subdomain: "db", hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] });
    const lines = hostsFile(pod, ["10.0.0.1"], "db-0", "cluster.local", () => "")
      .split("\n")
      .slice(7);
    assert.deepEqual(lines, [
      "10.0.0.1\tdb-0.db.default.svc.cluster.local\tdb-0",
      "",
      "# Entries added by HostAliases.",
      "1.2.3.4\ta\tb",
      "",
    ]);
    const hostPod = testPod([], { hostNetwork: true });
    const own = hostsFile(hostPod, ["10.0.0.1"], "node", "cluster.local", () => "127.0.0.1 localhost\n");
    assert.equal(own, "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n");
  });

  it("shows the kernel a pod's name, with its domain on request, if that fits", () => {
    const name = (spec: Partial<PodSpec>) =>
      kernelHostname(testPod([], spec, "web-0"), "node-1", "cluster.local");
    assert.equal(name({}), "web-0");
    assert.equal(name({ hostname: "w", subdomain: "web" }), "w");
    assert.equal(name({ subdomain: "web", setHostnameAsFQDN: true }), "web-0.web.default.svc.cluster.local");
    assert.throws(
      () => name({ subdomain: "x".repeat(60), setHostnameAsFQDN: true }),
      /is too long \(64 characters/,
    );
    assert.equal(name({ hostNetwork: true }), "node-1");
  });

  it("writes resolv.conf by dnsPolicy and dnsConfig, within the limits of resolvers", () => {
    const around = {
      clusterDns: ["10.96.0.10"],
      clusterDomain: "cluster.local",
      host: "# comment\nnameserver 192.0.2.53\nsearch old\nsearch example.org. svc.cluster.local .\noptions timeout:3\n",
    };
    const file = (spec: Partial<PodSpec>, more = {}) =>
      podResolvConf(testPod([], spec), { ...around, ...more });
    const cluster = `search default.svc.cluster.local svc.cluster.local cluster.local example.org
nameserver 10.96.0.10
options ndots:5
`;
    const host = "search example.org svc.cluster.local\nnameserver 192.0.2.53\noptions timeout:3\n";
    assert.equal(file({}).text, cluster);
    assert.equal(file({ dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true }).text, cluster);
    for (const spec of [
      { dnsPolicy: "Default" },
      { dnsPolicy: "ClusterFirst", hostNetwork: true },
    ] as const) {
      assert.equal(file(spec).text, host);
    }
    assert.equal(file({}, { clusterDns: [] }).text, host);
    const dnsConfig = {
      nameservers: ["1.1.1.1", "2.2.2.2", "3.3.3.3"],
      searches: ["a.b", "cluster.local"],
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    };
    assert.equal(file({ dnsPolicy: "None" }).text, "");
    assert.equal(
      file({ dnsPolicy: "None", dnsConfig }).text,
      "search a.b cluster.local\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\noptions ndots:2 edns0\n",
    );
    const merged = file({ dnsConfig });
    assert.match(merged.text, /cluster\.local example\.org a\.b\nnameserver 10\.96\.0\.10\nnameserver 1/);
    assert.match(merged.text, /options ndots:2 edns0\n$/);
    assert.match(
      merged.problems.join(),
      /^Nameserver limits were exceeded.*: 10\.96\.0\.10 1\.1\.1\.1 2\.2\.2\.2$/,
    );
    const many = { searches: Array.from({ length: 40 }, (_, index) => `s${index}`) };
    assert.equal(file({ dnsConfig: many }).text.split("\n")[0]!.split(" ").length, 33);
  });
});
