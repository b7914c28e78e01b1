/** What the zone answers, name by name: the Kubernetes DNS specification 1.1.0 in examples, and CoreDNS where that is silent. */
import assert from "node:assert/strict";
import { TestCluster } from "./testing/cluster.ts";

describe("cluster zone", () => {
  let cluster: TestCluster;
  const expect = (question: string, ...answers: string[]) =>
    assert.deepEqual(cluster.ask(question), answers, question);

  beforeEach(() => {
    cluster = new TestCluster();
    cluster.service("default/web", {
      clusterIps: ["10.96.0.20", "fd00:10:96::14"],
      ports: ["http TCP 80", "https TCP 443"],
    });
    cluster.slice("default/web-1", "web", ["http TCP 8080"], ["10.244.0.5", "10.244.0.6 - unready"]);
    cluster.service("default/db", { ports: ["sql TCP 5432"] });
    cluster.slice("default/db-4", "db", ["sql TCP 5432"], ["10.244.0.7 db-0", "10.244.1.7"]);
    cluster.slice(
      "default/db-6",
      "db",
      ["sql TCP 5432"],
      ["fd00:10:244::7 db-0", "fd00:10:244:1::7 - terminating"],
    );
  });

  it("answers for a ClusterIP in both families", () => {
    expect("web.default.svc.cluster.local A", "A 10.96.0.20");
    expect("web.default.svc.cluster.local AAAA", "AAAA fd00:10:96::14");
    expect("web.default.svc.cluster.local TXT", "NODATA");
    expect("web.default.svc.cluster.local CNAME", "NODATA");
    expect("web.other.svc.cluster.local A", "NXDOMAIN");
    expect("wep.default.svc.cluster.local A", "NXDOMAIN");
  });

  it("answers SRV by the names of ports, with the addresses of the host beside them", () => {
    expect("_http._tcp.web.default.svc.cluster.local SRV", "SRV 0 50 80 web.default.svc.cluster.local");
    expect(
      "web.default.svc.cluster.local SRV",
      "SRV 0 25 80 web.default.svc.cluster.local",
      "SRV 0 25 443 web.default.svc.cluster.local",
    );
    expect("_http._udp.web.default.svc.cluster.local SRV", "NXDOMAIN");
    expect("_tcp.web.default.svc.cluster.local SRV", "NODATA");
    expect("_udp.web.default.svc.cluster.local SRV", "NXDOMAIN");
    expect("http.tcp.web.default.svc.cluster.local SRV", "NXDOMAIN");
    expect("a._http._tcp.web.default.svc.cluster.local SRV", "NXDOMAIN");
  });

  it("answers with the ready endpoints of a headless Service, and for each by name", () => {
    expect("db.default.svc.cluster.local A", "A 10.244.0.7", "A 10.244.1.7");
    expect("db.default.svc.cluster.local AAAA", "AAAA fd00:10:244::7");
    expect("db-0.db.default.svc.cluster.local A", "A 10.244.0.7");
    expect("db-0.db.default.svc.cluster.local AAAA", "AAAA fd00:10:244::7");
    expect("10-244-1-7.db.default.svc.cluster.local A", "A 10.244.1.7");
    expect("10-244-1-7.db.default.svc.cluster.local AAAA", "NODATA");
    expect("db-1.db.default.svc.cluster.local A", "NXDOMAIN");
    expect(
      "_sql._tcp.db.default.svc.cluster.local SRV",
      "SRV 0 33 5432 db-0.db.default.svc.cluster.local",
      "SRV 0 33 5432 10-244-1-7.db.default.svc.cluster.local",
    );
    cluster.slice("default/db-4", "db", ["sql TCP 5432"], []);
    cluster.slice("default/db-6", "db", ["sql TCP 5432"], []);
    // As CoreDNS: a headless Service of which nothing is left has no name.
    expect("db.default.svc.cluster.local A", "NXDOMAIN");
  });

  it("knows endpoints of a ClusterIP by name, too", () => {
    expect("10-244-0-5.web.default.svc.cluster.local A", "A 10.244.0.5");
    expect("10-244-0-6.web.default.svc.cluster.local A", "NXDOMAIN");
  });

  it("follows an ExternalName inside of the cluster, and says where it leads outside of it", () => {
    cluster.service("default/out", { externalName: "example.org" });
    expect("out.default.svc.cluster.local A", "CNAME example.org", "and example.org");
    expect("out.default.svc.cluster.local CNAME", "CNAME example.org");
    expect("out.default.svc.cluster.local SRV", "NODATA");
    expect("x.out.default.svc.cluster.local A", "NXDOMAIN");
    cluster.service("default/in", { externalName: "web.default.svc.cluster.local." });
    expect("in.default.svc.cluster.local A", "CNAME web.default.svc.cluster.local", "A 10.96.0.20");
    cluster.service("default/lost", { externalName: "nobody.default.svc.cluster.local" });
    expect("lost.default.svc.cluster.local A", "CNAME nobody.default.svc.cluster.local");
    cluster.service("default/number", { externalName: "192.0.2.1" });
    expect("number.default.svc.cluster.local A", "NXDOMAIN");
    cluster.service("default/long", { externalName: `${"a".repeat(64)}.example` });
    expect("long.default.svc.cluster.local A", "NXDOMAIN");
    cluster.service("default/out", { clusterIps: ["10.96.0.21"], ports: ["- TCP 80"] });
    expect("out.default.svc.cluster.local A", "A 10.96.0.21");
  });

  it("ends with an alias that leads back to itself, and after ten", () => {
    cluster.service("default/one", { externalName: "two.default.svc.cluster.local" });
    cluster.service("default/two", { externalName: "one.default.svc.cluster.local" });
    expect("one.default.svc.cluster.local A", "CNAME two.default.svc.cluster.local");
    for (let i = 0; i < 20; i++) {
      cluster.service(`default/n${i}`, { externalName: `n${i + 1}.default.svc.cluster.local` });
    }
    assert.ok(cluster.ask("n0.default.svc.cluster.local A").length <= 11);
  });

  it("answers for pods by their addresses", () => {
    expect("10-244-0-5.default.pod.cluster.local A", "A 10.244.0.5");
    expect("10-244-0-5.default.pod.cluster.local AAAA", "NODATA");
    expect("fd00-10-244--5.default.pod.cluster.local AAAA", "AAAA fd00:10:244::5");
    expect("10-244-0-5.nowhere.pod.cluster.local A", "NXDOMAIN");
    expect("web.default.pod.cluster.local A", "NXDOMAIN");
    expect("default.pod.cluster.local A", "NODATA");
    expect("nowhere.pod.cluster.local A", "NXDOMAIN");
  });

  it("answers PTR in both families: the Service, or every endpoint", () => {
    expect("20.0.96.10.in-addr.arpa PTR", "PTR web.default.svc.cluster.local");
    expect("20.0.96.10.in-addr.arpa A", "NODATA");
    expect("7.0.244.10.in-addr.arpa PTR", "PTR db-0.db.default.svc.cluster.local");
    expect("7.1.244.10.in-addr.arpa PTR", "PTR 10-244-1-7.db.default.svc.cluster.local");
    expect(
      "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa PTR",
      "PTR db-0.db.default.svc.cluster.local",
    );
    expect("99.0.96.10.in-addr.arpa PTR", "NXDOMAIN");
    expect("1.2.0.192.in-addr.arpa PTR", "not ours");
    cluster.service("default/more", { ports: ["- TCP 1"] });
    cluster.slice("default/more-1", "more", ["- TCP 1"], ["10.244.0.7"]);
    expect(
      "7.0.244.10.in-addr.arpa PTR",
      "PTR db-0.db.default.svc.cluster.local",
      "PTR 10-244-0-7.more.default.svc.cluster.local",
    );
    cluster.deleteService("default/db");
    expect("7.0.244.10.in-addr.arpa PTR", "PTR 10-244-0-7.more.default.svc.cluster.local");
  });

  it("has a schema version, a name server and a beginning", () => {
    expect("dns-version.cluster.local TXT", 'TXT "1.1.0"');
    expect("dns-version.cluster.local A", "NODATA");
    expect("cluster.local SOA", "SOA ns.dns.cluster.local 1000000");
    expect("cluster.local NS", "NS kube-dns.kube-system.svc.cluster.local");
    expect("cluster.local A", "NODATA");
    expect("ns.dns.cluster.local A", "A 10.96.0.10");
    expect("ns.dns.cluster.local AAAA", "AAAA fd00:10:96::a");
  });

  it("tells names that are only part of others from those that do not exist", () => {
    for (const name of ["svc", "pod", "dns", "default.svc", "empty.svc"]) {
      expect(`${name}.cluster.local A`, "NODATA");
    }
    expect("nowhere.svc.cluster.local A", "NXDOMAIN");
    expect("elsewhere.cluster.local A", "NXDOMAIN");
    expect("*.default.svc.cluster.local A", "NXDOMAIN");
    expect("example.org A", "not ours");
    expect("mycluster.local A", "not ours");
    expect("1-2-3-4.empty.pod.cluster.local A", "A 1.2.3.4");
    cluster.names.delete("empty");
    expect("empty.svc.cluster.local A", "NXDOMAIN");
    expect("1-2-3-4.empty.pod.cluster.local A", "NXDOMAIN");
  });

  it("follows each change at once", () => {
    cluster.slice("default/web-1", "web", ["http TCP 8080"], ["10.244.0.8"]);
    expect("10-244-0-5.web.default.svc.cluster.local A", "NXDOMAIN");
    expect("10-244-0-8.web.default.svc.cluster.local A", "A 10.244.0.8");
    cluster.deleteService("default/web");
    expect("web.default.svc.cluster.local A", "NXDOMAIN");
  });
});
