/**
 * The manifests of examples/, as people have them: kubectl applies them as they are and all becomes Ready. And one with
 * kinds that a lab does not have: those documents fail, in upstream's words, and no other.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { KubectlUser } from "./kubectl.ts";
import { describeKubectls } from "./kubectls.ts";
import { useLab } from "./lab.ts";

const EXAMPLES = fileURLToPath(new URL("../../../examples", import.meta.url));

const MIXED = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: absent }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: absent }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: present }
`;

describe("journey: examples", function () {
  this.timeout(180_000);
  const use = useLab();

  describeKubectls("applied", binary => {
    const namespace = `examples-${binary.minor}`;
    let kubectl: KubectlUser;
    before(async () => {
      kubectl = new KubectlUser(binary, use.lab, namespace);
      await kubectl.run("create", "namespace", namespace);
    });
    after(() => kubectl?.close());

    const allReady = async () => {
      const workloads = await kubectl.run("get", "deployments,statefulsets,daemonsets", "-o", "name");
      for (const workload of workloads.trim().split("\n"))
        await kubectl.run("rollout", "status", workload, "--timeout=60s");
      await kubectl.run("wait", "--for=condition=Ready", "pod", "-l", "!job-name", "--timeout=60s");
    };

    it("a folder of manifests: all is Ready, and all goes", async () => {
      await kubectl.run("apply", "-f", EXAMPLES);
      await allReady();
      await kubectl.run("wait", "--for=condition=Complete", "job", "--all", "--timeout=60s");
      assert.match(await kubectl.run("apply", "-f", EXAMPLES), /^deployment.apps\/frontend unchanged$/m);
      await kubectl.run("delete", "-f", EXAMPLES, "--timeout=90s");
      const left = await kubectl.run(
        "get",
        "deployments,statefulsets,daemonsets,jobs,services",
        "-o",
        "name",
      );
      assert.equal(left, "");
    });

    if (binary.minor >= 27) {
      it("a kustomization", async () => {
        const overlay = `${EXAMPLES}/kustomize/overlay`;
        assert.match(await kubectl.run("apply", "-k", overlay), /^deployment.apps\/dev-web created$/m);
        await allReady();
        await kubectl.run("delete", "-k", overlay, "--timeout=90s");
      });
    }

    it("kinds that are not there: only their documents fail", async () => {
      const { code, stdout, stderr } = await kubectl.outcome(["apply", "-f", "-"], { input: MIXED });
      assert.equal(code, 1);
      assert.match(stdout, /configmap\/present created/);
      assert.match(stderr, /no matches for kind "HorizontalPodAutoscaler" in version "autoscaling\/v2"/);
      assert.match(stderr, /no matches for kind "PersistentVolumeClaim" in version "v1"/);
    });
  });
});
