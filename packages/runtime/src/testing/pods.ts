/** Pods for tests, short to write. */
import type { Container, Pod, PodSpec } from "@podwire/api";

let count = 0;

export function testContainer(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: "busybox", command: ["sh", "-c", script], ...more } as Container;
}

export function testPod(containers: Container[], spec: Partial<PodSpec> = {}, name = `pod-${++count}`): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${process.pid}-${name}`,
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { app: "web" },
      annotations: { note: "a b" },
    },
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 5, containers, ...spec } as PodSpec,
    status: {},
  } as Pod;
}
