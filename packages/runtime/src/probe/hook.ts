/** A lifecycle hook, as pkg/kubelet/lifecycle upstream runs it: rejects when it fails. */
import type { LifecycleHandler } from "@podwire/api";
import { httpGet } from "./http-get.ts";
import type { ProbeTarget } from "./run-probe.ts";

export async function runHook(hook: LifecycleHandler, target: ProbeTarget): Promise<void> {
  if (hook.exec) {
    const { code, output } = await target.exec(hook.exec.command ?? [], 0);
    if (code !== 0) throw new Error(`command terminated with exit code ${code}: ${output}`);
  } else if (hook.httpGet) {
    // That it answers is enough, whatever it answers.
    await httpGet(hook.httpGet, target.container, target.podIP, 0, "lifecycle").catch(cause => {
      if (hook.httpGet!.scheme !== "HTTPS" || !/wrong version number|packet length/.test(String(cause)))
        throw cause;
      // As upstream: a server that does not speak TLS after all.
      return httpGet({ ...hook.httpGet!, scheme: "HTTP" }, target.container, target.podIP, 0, "lifecycle");
    });
  } else if (hook.sleep) {
    await new Promise<void>(resolve => setTimeout(resolve, hook.sleep!.seconds * 1000));
  } else {
    // As upstream: tcpSocket is accepted here and cannot be run.
    throw new Error("invalid handler: only exec, httpGet and sleep can be hooks");
  }
}
