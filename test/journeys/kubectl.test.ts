/**
 * What people do to objects with kubectl, done with every kubectl there is, against one real lab; what they do in
 * running pods is in kubectl-streams.test.ts. Each version has a namespace of its own. What an old version does not
 * have is left out by its number, nothing else is.
 */
import assert from "node:assert/strict";
import { KubectlUser } from "./kubectl.ts";
import { describeKubectls } from "./kubectls.ts";
import { useLab } from "./lab.ts";

const container = { name: "web", image: "agnhost", args: ["netexec"] };
const deployment = (name: string, replicas = 2, env: object[] = []) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ ...container, env }] },
    },
  },
});
const pod = (name: string, words: object = container) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { pod: name } },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "main", ...words }] },
});
const configMap = (name: string, data: Record<string, string> = { key: "value" }) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

describe("journey: kubectl", function () {
  this.timeout(120_000);
  const use = useLab();

  describeKubectls("objects", binary => {
    const { minor } = binary;
    const namespace = `kubectl-${minor}`;
    const since = (least: number) => minor >= least;
    let kubectl: KubectlUser;

    before(async () => {
      kubectl = new KubectlUser(binary, use.lab, namespace);
      await kubectl.run("create", "namespace", namespace);
      // Clients wait for it; Pods need it.
      await until(() => kubectl.run("get", "serviceaccount", "default", "-o", "name"), /default/);
    });
    after(() => kubectl?.close());

    const apply = (object: object, ...words: string[]) =>
      kubectl.runWith({ input: JSON.stringify(object) }, "apply", "-f", "-", ...words);
    const running = async (object: ReturnType<typeof pod>) => {
      await apply(object);
      await kubectl.run("wait", "--for=condition=Ready", `pod/${object.metadata.name}`, "--timeout=60s");
    };

    it("cluster-info, version, api-resources, api-versions", async () => {
      assert.match(await kubectl.run("cluster-info"), /is running at.*https:\/\/127\.0\.0\.1:\d+/);
      assert.match(await kubectl.run("version"), /Server Version/);
      const resources = await kubectl.run("api-resources");
      for (const line of [
        /^pods +po +v1 +true +Pod$/m,
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
        /^networkpolicies +netpol +networking\.k8s\.io\/v1 +true +NetworkPolicy$/m,
        /^nodes +no +v1 +false +Node$/m,
      ]) {
        assert.match(resources, line);
      }
      assert.match(await kubectl.run("api-versions"), /^discovery\.k8s\.io\/v1$/m);
    });

    it("explain", async () => {
      const explained = await kubectl.run("explain", "deployment.spec.strategy");
      assert.match(explained, /KIND: +Deployment/);
      assert.match(explained, /rollingUpdate/);
      assert.match(await kubectl.run("explain", "pod", "--recursive"), /livenessProbe/);
    });

    it("create of every generator, with its own encoding of the body", async () => {
      await kubectl.run("create", "configmap", "made", "--from-literal=a=1", "--from-literal=b=2");
      assert.deepEqual((await kubectl.json<{ data: object }>("get", "cm", "made")).data, { a: "1", b: "2" });
      await kubectl.run("create", "secret", "generic", "made", "--from-literal=password=pw");
      const { data } = await kubectl.json<{ data: { password: string } }>("get", "secret", "made");
      assert.equal(Buffer.from(data.password, "base64").toString(), "pw");
      await kubectl.run("create", "serviceaccount", "made");
      await kubectl.run("create", "service", "clusterip", "made", "--tcp=80:8080");
      await kubectl.run("create", "deployment", "made", "--image=pause", "--replicas=1");
      await kubectl.run("create", "job", "made", "--image=busybox", "--", "true");
      await kubectl.run("create", "ingress", "made", "--rule=example.test/path*=made:80");
      assert.match(await kubectl.run("get", "all"), /deployment\.apps\/made/);
      await kubectl.run("rollout", "status", "deployment/made", "--timeout=60s");
      await kubectl.run("wait", "--for=condition=Complete", "job/made", "--timeout=60s");
      await kubectl.run("delete", "cm,secret,sa,svc,deploy,job,ingress", "made");
    });

    it("get: plain, wide, yaml, json, jsonpath, sorted, selected, all namespaces", async () => {
      await running(pod("shown"));
      assert.match(
        await kubectl.run("get", "pods", "shown"),
        /^NAME +READY +STATUS +RESTARTS +AGE\nshown +1\/1 +Running +0 +\S+\n$/,
      );
      assert.match(await kubectl.run("get", "pods", "-o", "wide"), /NODE +NOMINATED NODE +READINESS GATES/);
      assert.match(await kubectl.run("get", "pod", "shown", "-o", "yaml"), /^kind: Pod$/m);
      assert.match(await kubectl.run("get", "pod", "shown", "-o", "jsonpath={.status.podIP}"), /^10\.244\./);
      assert.match(await kubectl.run("get", "pods", "-A"), new RegExp(`^${namespace} +shown`, "m"));
      await apply(pod("another", { image: "pause" }));
      const sorted = await kubectl.run("get", "pods", "--sort-by=.metadata.name", "-o", "name");
      assert.deepEqual(sorted.trim().split("\n"), ["pod/another", "pod/shown"]);
      assert.equal(await kubectl.run("get", "pods", "-l", "pod=shown", "-o", "name"), "pod/shown\n");
      const field = "--field-selector=metadata.name=another";
      assert.equal(await kubectl.run("get", "pods", field, "-o", "name"), "pod/another\n");
      assert.match(await kubectl.run("get", "nodes", "-o", "wide"), /node-1 +Ready/);
      assert.match(
        await kubectl.fails("get", "pod", "none"),
        /Error from server \(NotFound\): pods "none" not found/,
      );
    });

    it("get -w: tells of what comes, changes and goes", async () => {
      const watching = kubectl.start(["get", "configmaps", "-w", "--output-watch-events"]);
      await watching.said(/kube-root-ca\.crt/);
      await kubectl.run("create", "configmap", "watched");
      await watching.said(/ADDED +watched/);
      await kubectl.run("label", "configmap", "watched", "a=b");
      await watching.said(/MODIFIED +watched/);
      await kubectl.run("delete", "configmap", "watched");
      await watching.said(/DELETED +watched/);
      await watching.kill("SIGTERM");
    });

    it("apply: twice is once; a change is configured; diff says what would change; a typo is refused", async () => {
      const file = kubectl.file("config.json", configMap("applied"));
      assert.equal(await kubectl.run("apply", "-f", file), "configmap/applied created\n");
      assert.equal(await kubectl.run("apply", "-f", file), "configmap/applied unchanged\n");
      assert.equal(await kubectl.run("diff", "-f", file), "");
      kubectl.file("config.json", configMap("applied", { key: "other" }));
      const { code, stdout } = await kubectl.outcome(["diff", "-f", file]);
      assert.equal(code, 1);
      assert.match(stdout, /^-\s+key: value$/m);
      assert.match(stdout, /^\+\s+key: other$/m);
      assert.match(
        await kubectl.run("apply", "-f", file, "--dry-run=server"),
        /configured \(server dry run\)/,
      );
      assert.equal((await kubectl.json<{ data: { key: string } }>("get", "cm", "applied")).data.key, "value");
      assert.equal(await kubectl.run("apply", "-f", file), "configmap/applied configured\n");
      const typo = kubectl.file("typo.json", {
        ...pod("typo"),
        spec: { ...pod("typo").spec, contianers: [] },
      });
      assert.match(await kubectl.fails("apply", "-f", typo), /unknown field "(spec\.)?contianers"/);
      const invalid = kubectl.file("invalid.json", pod("Not_A_Name"));
      assert.match(
        await kubectl.fails("apply", "-f", invalid),
        /metadata\.name: Invalid value: "Not_A_Name"/,
      );
    });

    it("apply --server-side: a conflict is told with its owner, and can be forced", async () => {
      const apply = (value: string, ...words: string[]) => {
        const file = kubectl.file("ssa.json", configMap("owned", { key: value }));
        return ["apply", "--server-side", "-f", file, ...words];
      };
      assert.match(await kubectl.run(...apply("a", "--field-manager=first")), /serverside-applied/);
      const refused = await kubectl.fails(...apply("b", "--field-manager=second"));
      assert.match(refused, /conflict with "first".*\.data\.key/s);
      await kubectl.run(...apply("b", "--field-manager=second", "--force-conflicts"));
      assert.equal((await kubectl.json<{ data: { key: string } }>("get", "cm", "owned")).data.key, "b");
      const { metadata } = await kubectl.json<{ metadata: { managedFields: { manager: string }[] } }>(
        ...["get", "cm", "owned", ...(since(21) ? ["--show-managed-fields"] : [])],
      );
      assert.ok(metadata.managedFields.some(({ manager }) => manager === "second"));
    });

    it("edit, through EDITOR", async () => {
      await apply(configMap("edited"));
      const EDITOR = "sed -i s/value/edited/";
      assert.match(await kubectl.runWith({ env: { EDITOR } }, "edit", "configmap", "edited"), /edited/);
      assert.equal((await kubectl.json<{ data: { key: string } }>("get", "cm", "edited")).data.key, "edited");
    });

    it("patch of every type, label, annotate, replace", async () => {
      await apply(deployment("patched", 1));
      const strategic = {
        spec: { template: { spec: { containers: [{ name: "web", env: [{ name: "A", value: "1" }] }] } } },
      };
      await kubectl.run("patch", "deployment", "patched", "-p", JSON.stringify(strategic));
      await kubectl.run(
        "patch",
        "deployment",
        "patched",
        "--type=merge",
        "-p",
        '{"spec":{"minReadySeconds":1}}',
      );
      const operations = [{ op: "add", path: "/metadata/annotations/json", value: "patch" }];
      await kubectl.run("patch", "deployment", "patched", "--type=json", "-p", JSON.stringify(operations));
      await kubectl.run("label", "deployment", "patched", "tier=front");
      assert.match(await kubectl.fails("label", "deployment", "patched", "tier=back"), /already has a value/);
      await kubectl.run("label", "deployment", "patched", "tier=back", "--overwrite");
      await kubectl.run("annotate", "deployment", "patched", "note=yes");
      const { metadata, spec } = await kubectl.json<{
        metadata: { labels: object; annotations: Record<string, string> };
        spec: {
          minReadySeconds: number;
          template: { spec: { containers: (typeof container & { env: object[] })[] } };
        };
      }>("get", "deployment", "patched");
      const [web] = spec.template.spec.containers;
      assert.deepEqual([web!.image, web!.env], ["agnhost", [{ name: "A", value: "1" }]]);
      assert.equal(spec.minReadySeconds, 1);
      assert.deepEqual(metadata.labels, { app: "patched", tier: "back" });
      assert.deepEqual([metadata.annotations.json, metadata.annotations.note], ["patch", "yes"]);
      const stale = kubectl.file(
        "stale.json",
        await kubectl.run("get", "deployment", "patched", "-o", "json"),
      );
      await kubectl.run("annotate", "deployment", "patched", "note=no", "--overwrite");
      assert.match(await kubectl.fails("replace", "-f", stale), /the object has been modified/);
      await kubectl.run("delete", "deployment", "patched");
    });

    it("scale, rollout status, history, undo, restart", async () => {
      await apply(deployment("rolled", 2));
      await kubectl.run("rollout", "status", "deployment/rolled", "--timeout=60s");
      await kubectl.run("scale", "deployment/rolled", "--replicas=3", "--current-replicas=2");
      await kubectl.run("rollout", "status", "deployment/rolled", "--timeout=60s");
      assert.match(await kubectl.run("get", "deployment", "rolled"), /^rolled +3\/3 +3 +3 /m);
      await kubectl.run("set", "env", "deployment/rolled", "COLOUR=green");
      await kubectl.run("rollout", "status", "deployment/rolled", "--timeout=60s");
      assert.match(await kubectl.run("rollout", "history", "deployment/rolled"), /^2 /m);
      await kubectl.run("rollout", "undo", "deployment/rolled");
      await kubectl.run("rollout", "status", "deployment/rolled", "--timeout=60s");
      assert.doesNotMatch(await kubectl.run("get", "deployment", "rolled", "-o", "json"), /COLOUR/);
      await kubectl.run("rollout", "restart", "deployment/rolled");
      await kubectl.run("rollout", "status", "deployment/rolled", "--timeout=60s");
      assert.match(await kubectl.run("get", "rs"), /^rolled-\S+ +3 +3 +3/m);
      await kubectl.run("delete", "deployment", "rolled");
      await until(() => kubectl.run("get", "pods", "-l", "app=rolled", "-o", "name"), /^$/);
    });

    it("delete with each cascade, and wait", async () => {
      for (const cascade of ["background", "foreground", "orphan"]) {
        const name = `cascade-${cascade}`;
        await apply(deployment(name, 1));
        await kubectl.run("rollout", "status", `deployment/${name}`, "--timeout=60s");
        await kubectl.run("delete", "deployment", name, `--cascade=${cascade}`);
        if (cascade === "orphan") {
          const left = await kubectl.run("get", "rs", "-l", `app=${name}`, "-o", "name");
          assert.match(left, /^replicaset\.apps\//);
          await kubectl.run("delete", "rs", "-l", `app=${name}`);
        }
        await until(() => kubectl.run("get", "rs,pods", "-l", `app=${name}`, "-o", "name"), /^$/);
      }
    });

    it("logs: whole, followed, of the run before, tailed", async () => {
      const command = ["sh", "-c", "for i in 1 2 3; do echo line $i; done; exec sleep 1000"];
      await running(pod("logging", { image: "shell", command }));
      await until(() => kubectl.run("logs", "logging"), /^line 1\nline 2\nline 3\n$/);
      assert.equal(await kubectl.run("logs", "logging", "--tail=1"), "line 3\n");
      assert.match(await kubectl.run("logs", "logging", "--timestamps"), /^\d{4}-\d\d-\d\dT\S+Z line 1$/m);
      const following = kubectl.start(["logs", "-f", "logging"]);
      await following.said(/line 3/);
      await kubectl.run("exec", "logging", "--", "sh", "-c", "echo said later > /proc/1/fd/1");
      await following.said(/said later/);
      await kubectl.run("delete", "pod", "logging", "--wait=false");
      assert.equal((await following.outcome).code, 0);
    });

    it("proxy", async () => {
      await running(pod("served"));
      const proxying = kubectl.start(["proxy", "--port=0"]);
      await proxying.said(/Starting to serve on 127\.0\.0\.1:\d+/);
      const base = `http://${/serve on (\S+)/.exec(proxying.text)![1]}`;
      const version = (await (await fetch(`${base}/version`)).json()) as { major: string };
      assert.equal(version.major, "1");
      const path = `/api/v1/namespaces/${namespace}/pods/served:8080/proxy/echo?msg=proxied`;
      assert.equal(await (await fetch(base + path)).text(), "proxied");
      await proxying.kill("SIGTERM");
    });

    it("describe of every kind", async () => {
      await running(pod("described"));
      await apply(deployment("described", 1));
      await apply({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "described" },
        spec: { selector: { app: "described" }, ports: [{ port: 80 }] },
      });
      const rules = { podSelector: {}, policyTypes: ["Ingress"] };
      await apply({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "described" },
        spec: rules,
      });
      await kubectl.run("create", "secret", "generic", "described", "--from-literal=a=b");
      await kubectl.run("create", "ingress", "described", "--rule=example.test/path*=described:80");
      await kubectl.run("create", "job", "described", "--image=shell", "--", "true");
      const described = await kubectl.run("describe", "pod", "described");
      for (const part of [
        /^Node: +node-\d\//m,
        /^Status: +Running$/m,
        /^IP: +10\.244\./m,
        /Started container/,
      ]) {
        assert.match(described, part);
      }
      assert.match(await kubectl.run("describe", "node", "node-1"), /^Conditions:/m);
      assert.match(
        await kubectl.run("describe", "deployment", "described"),
        /^StrategyType: +RollingUpdate/m,
      );
      const kinds = (await kubectl.run("api-resources", "--verbs=list", "-o", "name")).trim().split("\n");
      assert.ok(kinds.length > 15, kinds.join());
      // Of these some kubectls ask for beta versions, which a Kubernetes API server (1.34) has no more either.
      const isBeta = since(21)
        ? /^(servicecidrs|ipaddresses)\./
        : /^(servicecidrs|ipaddresses|endpointslices)\./;
      const all = await kubectl.run("describe", kinds.filter(each => !isBeta.test(each)).join(","));
      for (const name of ["described", "kube-root-ca.crt", "node-1", namespace]) {
        assert.match(all, new RegExp(`^Name: +${name}$`, "m"));
      }
      await kubectl.run("delete", "deploy,svc,netpol,secret,ingress,job", "described");
    });

    it("auth can-i", async () => {
      assert.equal(await kubectl.run("auth", "can-i", "create", "deployments"), "yes\n");
      assert.match(await kubectl.run("auth", "can-i", "--list"), /\*\.\*/);
      if (since(28)) assert.match(await kubectl.run("auth", "whoami"), /kubernetes-admin/);
    });

    it("cordon, drain, uncordon", async () => {
      await apply(deployment("drained", 3));
      await kubectl.run("rollout", "status", "deployment/drained", "--timeout=60s");
      const node = "node-3";
      await kubectl.run("cordon", node);
      assert.match(await kubectl.run("get", "node", node), /SchedulingDisabled/);
      const flags = ["--ignore-daemonsets", "--force", "--timeout=60s", "--pod-selector", "app=drained"];
      await kubectl.run("drain", node, ...flags);
      const there = await kubectl.run(
        "get",
        "pods",
        "-l",
        "app=drained",
        `--field-selector=spec.nodeName=${node}`,
        "-o",
        "name",
      );
      assert.equal(there, "");
      await kubectl.run("uncordon", node);
      await kubectl.run("delete", "deployment", "drained");
    });

    it("delete of a namespace takes everything in it along", async () => {
      await kubectl.run("delete", "namespace", namespace, "--timeout=90s");
      assert.match(await kubectl.fails("get", "namespace", namespace), /not found/);
    });
  });
});

/** Asks again until the answer is as wanted: kubectl shows states and has no way to await this one. */
async function until(ask: () => Promise<string>, wanted: RegExp): Promise<void> {
  for (let last = ""; !wanted.test(last); ) last = await ask().catch(() => "\0");
}
