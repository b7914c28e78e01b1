import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { hostname } from "node:os";
import { curl, freePort, type Running, start } from "../testing/program.ts";

describe("agnhost netexec", () => {
  let program: Running;
  let http: number;
  let udp: number;
  const url = (path: string): string => `http://127.0.0.1:${http}${path}`;
  const body = async (path: string, ...args: string[]): Promise<string> =>
    (await curl(...args, url(path))).stdout;
  const status = async (path: string, port = http): Promise<string> =>
    (await curl("-o", "/dev/null", "-w", "%{http_code}", `http://127.0.0.1:${port}${path}`)).stdout;

  async function run(...flags: string[]): Promise<{ running: Running; port: number }> {
    const port = await freePort();
    const running = start(["netexec", `--http-port=${port}`, "--udp-port=-1", ...flags]);
    await running.says(/Started HTTP server/);
    for (let up = false; !up; ) up = (await curl(`http://127.0.0.1:${port}/echo`)).code === 0;
    return { running, port };
  }

  before(async () => {
    [http, udp] = [await freePort(), await freePort()];
    program = start(["netexec", "--http-port", String(http), "--udp-port", String(udp)]);
    await program.says(/Started UDP server/);
    for (let up = false; !up; ) up = (await curl(url("/healthz"))).code === 0;
  });

  after(() => program.stop());

  it("answers who and from where, on both families", async () => {
    assert.equal(await body("/hostname"), hostname());
    assert.equal(await body("/hostName"), hostname());
    assert.match(await body("/clientip"), /^127\.0\.0\.1:\d+$/);
    assert.match((await curl(`http://[::1]:${http}/clientip`)).stdout, /^\[::1\]:\d+$/);
    assert.match(await body("/"), /^NOW: \d{4}-\d\d-\d\d /);
    assert.match(await body("/nowhere"), /^NOW: /);
  });

  it("echoes, redirects, shows headers", async () => {
    assert.equal(await body("/echo?msg=a+b"), "a b");
    assert.equal(await body("/echo", "-d", "msg=form"), "form");
    assert.equal(await status("/echo?msg=x&code=418"), "418");
    assert.equal(await body("/echo?code=x"), `argument 'code' must be an integer or empty, got "x"\n`);
    assert.equal(await body("/redirect?location=/echo%3Fmsg=foobar&code=307", "-L"), "foobar");
    assert.equal(await body("/header?key=x-thing", "-H", "X-Thing: 1"), "1");
    assert.deepEqual(JSON.parse(await body("/header", "-A", "me", "-H", "Accept: */*")), {
      Accept: ["*/*"],
      "User-Agent": ["me"],
    });
  });

  it("is healthy and ready once UDP is served", async () => {
    assert.equal(await status("/healthz"), "200");
    assert.equal(await body("/readyz"), "ok");
  });

  it("runs a shell command", async () => {
    assert.equal(await body("/shell?cmd=echo+hi;echo+ho+>%262"), '{"output":"hi\\nho\\n"}');
    assert.equal(await body("/shell?shellCommand=exit+3"), '{"error":"exit status 3"}');
    assert.equal(await body("/shell?cmd=kill+-9+$$"), '{"error":"signal: killed"}');
  });

  it("dials a third party over HTTP and UDP", async () => {
    const dial = (query: string): Promise<string> => body(`/dial?${query}`);
    const me = `host=127.0.0.1&port=${http}`;
    assert.equal(await dial(`${me}&request=hostname`), `{"responses":["${hostname()}"]}`);
    assert.equal(await dial(`${me}&protocol=http&request=echo?msg=x&tries=2`), '{"responses":["x","x"]}');
    assert.equal(
      await dial(`${me}&request=redirect?location=/echo%253Fmsg%253Dthere`),
      '{"responses":["there"]}',
    );
    assert.equal(
      await dial(`host=127.0.0.1&port=${udp}&protocol=udp&request=hostname`),
      `{"responses":["${hostname()}"]}`,
    );
    const closed = await freePort();
    assert.equal(
      await dial(`host=127.0.0.1&port=${closed}&request=hostname`),
      `{"errors":["Get \\"http://127.0.0.1:${closed}/hostname\\": dial tcp 127.0.0.1:${closed}: connect: connection refused"]}`,
    );
    assert.match(
      await dial(`host=::1&port=${closed}&protocol=udp&request=x`),
      /^\{"errors":\["reading from udp connection failed. err:'read udp \[::1\]:\d+: connection refused'"\]\}$/,
    );
    assert.equal(
      await dial(`${me}&request=x&protocol=sctp`),
      '{"errors":["sctp dial failed. err:protocol not supported"]}',
    );
  });

  it("refuses a dial with bad parameters", async () => {
    const table: [string, string][] = [
      ["host=127.0.0.1&port=80", "request parameter not specified. <nil>\n"],
      ["request=x&host=127.0.0.1&port=80&protocol=quic", "unsupported protocol. quic\n"],
      [
        "request=x&host=nowhere.invalid&port=80",
        "host and/or port param are invalid. lookup nowhere.invalid: no such host\n",
      ],
      [
        "request=x&host=127.0.0.1&port=80&tries=x",
        'tries parameter is invalid. strconv.Atoi: parsing "x": invalid syntax\n',
      ],
    ];
    for (const [query, expected] of table) {
      const path = `/dial?${query}`;
      assert.equal(await body(path), expected);
      assert.equal(await status(path), "400");
    }
  });

  it("answers UDP commands in lower case and ignores others", async () => {
    const socket = createSocket("udp6");
    const ask = (text: string): Promise<string> =>
      new Promise(resolve => {
        socket.once("message", bytes => resolve(bytes.toString()));
        socket.send(text, udp, "::1");
      });
    try {
      assert.equal(await ask("hostName\n"), hostname());
      assert.equal(await ask("echo Hello World"), "hello world");
      assert.equal(await ask("clientip"), `[::1]:${socket.address().port}`);
      socket.send("unknown", udp, "::1");
      assert.equal(await ask("echo still-here"), "still-here");
    } finally {
      socket.close();
    }
  });

  it("stores no upload without a form", async () => {
    assert.equal(await body("/upload", "-d", "x"), '{"error":"Unable to upload file."}');
  });

  it("overrides every request", async () => {
    const { running, port } = await run("--http-override=/echo?msg=always&code=201");
    try {
      assert.equal((await curl("-d", "msg=no", `http://127.0.0.1:${port}/hostname`)).stdout, "always");
      assert.equal(await status("/hostname", port), "201");
    } finally {
      await running.stop();
    }
  });

  it("exits as told", async () => {
    const table: [string, number][] = [
      ["/exit?code=7", 7],
      ["/exit?code=5&timeout=2s&wait=10ms", 5],
      ["/shutdown", 0],
    ];
    for (const [path, code] of table) {
      const { running, port } = await run();
      await curl(`http://127.0.0.1:${port}${path}`);
      assert.equal(await running.ended, code, path);
    }
  });

  it("goes on after SIGTERM for as long as it was told, not ready", async () => {
    const { running, port } = await run("--delay-shutdown=3");
    running.child.kill("SIGTERM");
    await running.says(/Sleeping 3 seconds before terminating/);
    assert.equal(await status("/readyz", port), "503");
    assert.equal(await running.ended, 0);
  });

  it("says so when a port is taken or SCTP is asked for", async () => {
    const taken = start(["netexec", `--http-port=${http}`, "--udp-port=-1"]);
    await taken.says(/EADDRINUSE/);
    assert.equal(await taken.ended, 1);
    const sctp = start(["netexec", "--sctp-port=9999"]);
    await sctp.says(/SCTP address :9999:protocol not supported/);
    assert.equal(await sctp.ended, 1);
  });
});
