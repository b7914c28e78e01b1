/** How a command ended, as clients are told. */
import type { FrameFromContainer } from "../../node-streams.ts";

export type Exit = Extract<FrameFromContainer, { exit: unknown }>["exit"];

/** The Status that ends an exec or attach since `v4.channel.k8s.io`. */
export function exitStatus({ code, message }: Exit): object {
  if (code === 0 && message === "") return { metadata: {}, status: "Success" };
  if (message !== "") {
    const text = `Internal error occurred: ${message}`;
    const details = { causes: [{ message }] };
    return { metadata: {}, status: "Failure", message: text, reason: "InternalError", details, code: 500 };
  }
  return {
    metadata: {},
    status: "Failure",
    message: exitText({ code, message }),
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

/** Before `v4.channel.k8s.io`: a sentence, and nothing for success. */
export function exitText({ code, message }: Exit): string {
  if (message !== "") return `Internal error occurred: ${message}`;
  return code === 0 ? "" : `command terminated with non-zero exit code: exit status ${code}`;
}
