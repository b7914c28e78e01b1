/** `podwire logs POD`: bytes as the container wrote them. */
import { once } from "node:events";
import { EXIT, ExitWith } from "../errors.ts";
import { clientOf, type LabSelection, podNamed } from "../lab/select.ts";

export interface LogsOptions extends LabSelection {
  readonly namespace: string;
  readonly container?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  /** Seconds. */
  readonly since?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
}

export async function runLogs(pod: string, options: LogsOptions): Promise<void> {
  const name = await podNamed(pod);
  const client = await clientOf(options);
  const abort = new AbortController();
  const leave = () => abort.abort();
  process.once("SIGINT", leave);
  try {
    const chunks = await client.logs(
      { namespace: options.namespace, name },
      {
        container: options.container,
        follow: options.follow,
        previous: options.previous,
        timestamps: options.timestamps,
        tailLines: options.tail,
        sinceSeconds: options.since,
        signal: abort.signal,
      },
    );
    for await (const bytes of chunks) {
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", leave);
    client.close();
  }
  if (abort.signal.aborted) throw new ExitWith(EXIT.interrupted);
}
