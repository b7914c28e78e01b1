/** Manifests on their way in: types, unknown fields, defaults. */
import assert from "node:assert/strict";
import { admit } from "./admit.ts";
import type { ApiError } from "./errors.ts";
import { kinds } from "./kinds/table.ts";
import { admittedPod, podManifest } from "./testing/pods.ts";

const refusal = (manifest: unknown, strict?: "Strict"): string => {
  try {
    admit(kinds.pods, manifest, strict);
  } catch (error) {
    assert.equal((error as ApiError).code, 400);
    assert.equal((error as ApiError).reason, "BadRequest");
    return (error as ApiError).message;
  }
  return "accepted";
};

const PREFIX = 'Pod in version "v1" cannot be handled as a Pod: ';

describe("admission", () => {
  it("takes a Lease and a NetworkPolicy without a spec, as upstream", () => {
    const metadata = { name: "bare", namespace: "default" };
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata };
    assert.deepEqual(admit(kinds.leases, lease).object.spec, {});
    const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata };
    assert.deepEqual(admit(kinds.networkPolicies, policy).object.spec.podSelector, {});
  });

  it("gives a Pod the defaults that upstream gives it", () => {
    const { spec, status } = admittedPod({
      spec: {
        containers: [
          {
            name: "app",
            image: "nginx",
            ports: [{ containerPort: 80 }],
            livenessProbe: { httpGet: { port: 80 }, timeoutSeconds: 0 },
            resources: { limits: { cpu: "1", memory: "1Gi" } },
          },
        ],
        volumes: [{ name: "v" }, { name: "s", secret: { secretName: "x" } }],
      },
    });
    const [container] = spec.containers;
    assert.equal(container!.imagePullPolicy, "Always");
    assert.equal(container!.ports![0]!.protocol, "TCP");
    assert.deepEqual(container!.livenessProbe, {
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    assert.deepEqual(container!.resources!.requests, { cpu: "1", memory: "1Gi" });
    assert.deepEqual(spec.volumes, [
      { name: "v", emptyDir: {} },
      { name: "s", secret: { secretName: "x", defaultMode: 420 } },
    ]);
    const { restartPolicy, dnsPolicy, schedulerName, terminationGracePeriodSeconds } = spec;
    assert.deepEqual(
      [restartPolicy, dnsPolicy, schedulerName, terminationGracePeriodSeconds],
      ["Always", "ClusterFirst", "default-scheduler", 30],
    );
    assert.deepEqual(status, { phase: "Pending", qosClass: "Guaranteed" });
  });

  it("chooses the pull policy by the tag", () => {
    const policy = (image: string) =>
      admittedPod({ spec: { containers: [{ name: "a", image }] } }).spec.containers[0]!.imagePullPolicy;
    assert.deepEqual(["a", "a:latest", "a:1", "host:5000/a", "host:5000/a:1", "a@sha256:00"].map(policy), [
      "Always",
      "Always",
      "IfNotPresent",
      "Always",
      "IfNotPresent",
      "IfNotPresent",
    ]);
  });

  it("defaults what is defaulted already no further", () => {
    const once = admittedPod();
    assert.deepEqual(admit(kinds.pods, once).object, once);
  });

  it("leaves unknown fields out and says so, or refuses them when strict", () => {
    const manifest = podManifest({ spec: { containers: [{ name: "a", image: "x", imgae: "y" }], foo: 1 } });
    const { object, warnings } = admit(kinds.pods, manifest);
    assert.ok(!("foo" in object.spec));
    assert.deepEqual(warnings, ['unknown field "spec.foo"', 'unknown field "spec.containers[0].imgae"']);
    assert.deepEqual(admit(kinds.pods, manifest, "Ignore").warnings, []);
    assert.equal(
      refusal(manifest, "Strict"),
      `${PREFIX}strict decoding error: unknown field "spec.foo", unknown field "spec.containers[0].imgae"`,
    );
  });

  it("refuses values of the wrong type in upstream's words", () => {
    const port = (value: unknown) =>
      podManifest({ spec: { containers: [{ name: "a", ports: [{ containerPort: value }] }] } });
    const where = "Go struct field ContainerPort.spec.containers.ports.containerPort of type int32";
    assert.equal(refusal(port("80")), `${PREFIX}json: cannot unmarshal string into ${where}`);
    assert.equal(refusal(port(1.5)), `${PREFIX}json: cannot unmarshal number 1.5 into ${where}`);
    assert.equal(refusal(port(2 ** 31)), `${PREFIX}json: cannot unmarshal number into ${where}`);
    assert.equal(
      refusal(podManifest({ spec: { containers: "all" } })),
      `${PREFIX}json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`,
    );
    assert.match(
      refusal(podManifest({ spec: { overhead: { cpu: "much" } } })),
      /quantities must match the regular expression/,
    );
    assert.match(
      refusal({ apiVersion: "v2", kind: "Pod" }),
      /does not match the expected API version \(v1\)/,
    );
    assert.match(refusal({ apiVersion: "v1", kind: "Node" }), /must be of type Pod/);
    assert.match(refusal([]), /cannot unmarshal array into Go value of type v1.Pod/);
  });

  it("keeps maps with unusual keys as they are", () => {
    const manifest = JSON.parse(
      '{"metadata":{"name":"a","annotations":{"__proto__":"x","constructor":"y"}},"spec":{}}',
    );
    const { annotations } = admit(kinds.pods, manifest).object.metadata;
    assert.deepEqual(Object.entries(annotations!), [
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});
