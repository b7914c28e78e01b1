/** A daemon that can be killed: runs a pod in the lab directory it is given, and goes on until it is. */
import { writeSync } from "node:fs";
import { ImageStore } from "../images/store/store.ts";
import { TestNode } from "./node.ts";
import { testContainer, testPod } from "./pods.ts";

const [labDir, name, store, image] = process.argv.slice(2) as [string, string, string, string];
const node = new TestNode({ labDir, images: new ImageStore(store) });
await node.runtime.recover();
// The uid names no process: the next daemon has to know it.
const pod = testPod(
  [
    testContainer("counts", "n=0; while :; do n=$((n + 1)); echo $n; sleep 0.01; done"),
    testContainer("shared", "sleep 600 & sleep 600"),
    testContainer("image", "sleep 600 & sleep 600", { image }),
  ],
  { shareProcessNamespace: true, restartPolicy: "Always", terminationGracePeriodSeconds: 0 },
  name,
);
pod.metadata.uid = name;
node.runtime.apply(pod);
await node.until(name, status => status.phase === "Running", "running");
writeSync(1, `${JSON.stringify(node.statuses.get(name))}\n`);
