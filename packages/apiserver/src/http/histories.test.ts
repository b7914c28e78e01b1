/**
 * Histories of writes against what a real Kubernetes API server (1.34) answered to the same: objects, managedFields,
 * conflicts, errors. `testing/histories/record.ts` made the transcripts.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { kinds } from "@podwire/api";
import { compareAddresses } from "../testing/histories/addresses.ts";
import { type Compare, comparable, replay } from "../testing/histories/replay.ts";
import { compareServices, SERVICE_CIDRS } from "../testing/histories/services.ts";
import { repliesOf, type Transcript } from "../testing/histories/transcript.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const NAMESPACE = "transcripts";

describe("writes as a Kubernetes API server takes them", function () {
  this.timeout(60_000);
  let server: TestServer;

  before(async () => {
    server = await startTestServer({ serviceCidrs: SERVICE_CIDRS });
    await server.registry.create(kinds.namespaces, { metadata: { name: NAMESPACE } });
  });
  after(() => server.close());

  const compared: Record<string, Compare> = {
    "config-maps": comparable,
    deployments: comparable,
    services: compareServices,
    addresses: compareAddresses,
  };
  for (const [name, compare] of Object.entries(compared)) {
    it(name, async () => {
      const file = new URL(`../../transcripts/${name}.jsonl`, import.meta.url);
      const lines = readFileSync(file, "utf8").trim().split("\n");
      const transcripts = lines.map(line => JSON.parse(line) as Transcript);
      for (const transcript of transcripts) {
        const { history } = transcript;
        const replies = await replay(server, NAMESPACE, history, compare);
        for (const [at, expected] of repliesOf(transcript).entries()) {
          const { method, suffix, query, type, body } = history.writes[at]!;
          const what = `write ${at}: ${method} ${suffix}?${query} ${type} ${body}`;
          assert.deepEqual(replies[at], expected, what);
        }
      }
    });
  }
});
