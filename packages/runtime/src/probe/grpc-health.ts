/** The grpc action: grpc.health.v1.Health/Check (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";

const PATH = "/grpc.health.v1.Health/Check";
/** HealthCheckRequest.service = 1, HealthCheckResponse.status = 1. */
const SERVICE_TAG = 0x0a;
const STATUS_TAG = 0x08;
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Undefined: it is serving; otherwise what is wrong, in the kubelet's words. */
export async function grpcCheck(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const within = `${timeoutMs / 1000}s`;
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.primary_user_agent": "kube-probe/1.34",
    "grpc.enable_retries": 0,
    "grpc.enable_channelz": 0,
  });
  const deadline = new Date(Date.now() + timeoutMs);
  try {
    const connected = await new Promise<boolean>(resolve =>
      client.waitForReady(deadline, error => resolve(!error)),
    );
    if (!connected) {
      return `timeout: failed to connect service "${address}" within ${within}: context deadline exceeded`;
    }
    return await new Promise(resolve => {
      client.makeUnaryRequest(
        PATH,
        encodeRequest,
        (bytes: Buffer) => bytes,
        service,
        new Metadata(),
        { deadline },
        (error: ServiceError | null, response?: Buffer) => {
          if (error?.code === status.UNIMPLEMENTED) resolve(`${NOT_IMPLEMENTED}: ${error.details}`);
          else if (error?.code === status.DEADLINE_EXCEEDED) {
            resolve(`timeout: health rpc did not complete within ${within}`);
          } else if (error) resolve(`error: health rpc probe failed: ${error.message}`);
          else resolve(unhealthy(response!));
        },
      );
    });
  } finally {
    client.close();
  }
}

const NOT_IMPLEMENTED =
  "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)";

function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length: number[] = [];
  for (let rest = name.length; ; rest >>>= 7) {
    length.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from([SERVICE_TAG, ...length]), name]);
}

function unhealthy(response: Buffer): string | undefined {
  const value = response[0] === STATUS_TAG ? response[1]! : 0;
  const name = STATUSES[value] ?? String(value);
  return name === "SERVING" ? undefined : `service unhealthy (responded with "${name}")`;
}
