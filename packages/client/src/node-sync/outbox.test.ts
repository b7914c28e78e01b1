/** What is sent again after a cut: the newest status of each Pod that was not acknowledged, and PodGone. */
import assert from "node:assert/strict";
import type { FromNode } from "@podwire/protocol";
import { LIMITS } from "./limits.ts";
import { Outbox } from "./outbox.ts";

const ref = (name: string) => ({ namespace: "default", name, uid: `uid-${name}` });

function text({ message }: FromNode): string {
  if (message.case === "podStatus") {
    return `${message.value.pod.name} ${message.value.status} #${message.value.sequence}`;
  }
  if (message.case === "podGone") return `${message.value.pod.name} gone`;
  return message.case === "event" ? `event ${message.value.reason}` : `${message.case}`;
}

describe("outbox", () => {
  it("keeps the newest status of a Pod until exactly that one is acknowledged", () => {
    const outbox = new Outbox();
    outbox.status(ref("web"), { phase: "Pending" });
    outbox.status(ref("db"), { phase: "Running" });
    outbox.status(ref("web"), { phase: "Running" });
    outbox.stored("uid-web", 1);
    assert.deepEqual(outbox.resend().map(text), ['db {"phase":"Running"} #2', 'web {"phase":"Running"} #3']);
    outbox.stored("uid-web", 3);
    assert.deepEqual(outbox.resend().map(text), ['db {"phase":"Running"} #2']);
  });

  it("keeps PodGone until the object is gone", () => {
    const outbox = new Outbox();
    outbox.status(ref("web"), {});
    outbox.gone(ref("web"));
    assert.deepEqual(outbox.resend().map(text), ["web {} #1", "web gone"]);
    outbox.forget("uid-web");
    assert.equal(outbox.unacknowledged, 0);
  });

  it("keeps a bounded number of events, and says them once", () => {
    const outbox = new Outbox();
    for (let index = 0; index <= LIMITS.queuedEvents; index++) {
      outbox.queueEvent({
        pod: ref("web"),
        type: "Normal",
        reason: `R${index}`,
        message: "",
        component: "",
        fieldPath: "",
        service: { namespace: "", name: "" },
      });
    }
    const sent = outbox.resend().map(text);
    assert.equal(sent.length, LIMITS.queuedEvents);
    assert.equal(sent[0], "event R1");
    assert.equal(outbox.resend().length, 0);
  });
});
