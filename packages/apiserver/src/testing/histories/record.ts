/**
 * Writes transcripts of a real API server, to be run by hand:
 *
 *   node packages/apiserver/dist/testing/histories/record.js https://127.0.0.1:6443 TOKEN
 *
 * Its certificate is not checked, so it belongs on loopback. It gives Services their addresses from 10.96.0.0/20 and
 * fd00:10:96::/112 (--service-cluster-ip-range).
 */
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { seededRandom } from "@podwire/wire/testing";
import { addressHistory, addressSubjects, compareAddresses } from "./addresses.ts";
import { randomHistory, type Subject } from "./history.ts";
import { type Reply, replay, type Server } from "./replay.ts";
import { compareServices, serviceHistory } from "./services.ts";
import { configMaps, deployments } from "./subjects.ts";
import { type Transcript, toTranscript } from "./transcript.ts";

const HISTORIES = 20;
const WRITES = 10;
const SERVICE_HISTORIES = 20;
const SERVICE_WRITES = 20;
const ADDRESS_HISTORIES = 12;
const NAMESPACE = "transcripts";

function remoteServer(url: string, token: string): Server {
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });
  return {
    call: (method, path, body, headers) =>
      new Promise<Reply>((resolve, reject) => {
        const authorization = `Bearer ${token}`;
        const sent = request(
          url + path,
          { method, agent, headers: { ...headers, authorization } },
          response =>
            text(response).then(
              answer => resolve({ code: response.statusCode ?? 0, body: JSON.parse(answer) }),
              reject,
            ),
        );
        sent.on("error", reject).end(body);
      }),
  };
}

async function record(server: Server, subject: Subject): Promise<Transcript[]> {
  const transcripts: Transcript[] = [];
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const history = randomHistory(subject, `h${seed}`, WRITES, seededRandom(seed));
    const replies = await replay(server, NAMESPACE, history);
    const end = replies.findIndex(({ body }) => isInvalid(body.message));
    const kept = end < 0 ? replies : replies.slice(0, end);
    const writes = history.writes.slice(0, kept.length);
    transcripts.push(toTranscript({ ...history, writes }, kept));
  }
  return transcripts;
}

async function recordServices(server: Server): Promise<Transcript[]> {
  const transcripts: Transcript[] = [];
  for (let seed = 1; seed <= SERVICE_HISTORIES; seed++) {
    const history = serviceHistory(SERVICE_WRITES, seededRandom(seed));
    transcripts.push(toTranscript(history, await replay(server, NAMESPACE, history, compareServices)));
  }
  return transcripts;
}

async function recordAddresses(server: Server): Promise<Transcript[]> {
  const transcripts: Transcript[] = [];
  for (const [at, subject] of addressSubjects.entries()) {
    const isNamedAfterAddress = subject.kind === "IPAddress";
    for (let seed = 1; seed <= (isNamedAfterAddress ? 2 : ADDRESS_HISTORIES); seed++) {
      const history = addressHistory(subject, seededRandom(seed * 100 + at));
      transcripts.push(toTranscript(history, await replay(server, NAMESPACE, history, compareAddresses)));
    }
  }
  return transcripts;
}

function save(name: string, transcripts: readonly Transcript[]): void {
  const lines = transcripts.map(each => `${JSON.stringify(each)}\n`);
  writeFileSync(new URL(`../../../transcripts/${name}.jsonl`, import.meta.url), lines.join(""));
}

/** What makes an object invalid is for the tests of its kind: a history that comes to it ends there. */
function isInvalid(message: string | undefined): boolean {
  return /^[A-Z][A-Za-z.]+ "[^"]+" is invalid/.test(message ?? "");
}

const [url, token] = process.argv.slice(2);
if (url === undefined || token === undefined) throw new Error("usage: record.js URL TOKEN");
const server = remoteServer(url, token);
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
await server.call("POST", "/api/v1/namespaces", JSON.stringify(namespace), {
  "content-type": "application/json",
});
for (const [name, subject] of Object.entries({ "config-maps": configMaps, deployments })) {
  save(name, await record(server, subject));
}
save("services", await recordServices(server));
save("addresses", await recordAddresses(server));
process.exit(0);
