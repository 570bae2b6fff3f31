import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { notifySystemd } from "../../src/serve/index.js";

/** A socket of datagrams, as systemd has it: Node opens none. Prints each message as a line. */
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().strip(), flush=True)`;

const has = (program: string) => spawnSync(program, ["--version"]).status === 0;
const there = has("systemd-notify") && has("python3");
if (!there) console.log("skipped: systemd-notify or python3 is not installed");

(there ? test : test.skip)(
  "systemd hears ready, the watchdog while the service lives and not else, and stopping",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "inctrl-notify-"));
    const socket = path.join(folder, "notify");
    const listener = spawn("python3", ["-c", LISTEN, socket], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const told: string[] = [];
      listener.stdout.setEncoding("utf8").on("data", (text) => told.push(...text.trim().split("\n")));
      await once(listener.stdout, "data");
      let alive = true;
      const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "150000" };
      const stopping = notifySystemd(() => alive, env);
      const beats = () => told.filter((each) => each === "WATCHDOG=1").length;
      await until(() => told.includes("READY=1") && beats() >= 2, "it is ready and beats");
      alive = false;
      // What was sent before is still on its way.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = beats();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.is(beats(), before, "a service without its device does not beat");
      stopping();
      await until(() => told.includes("STOPPING=1"), "it says that it stops");
    } finally {
      listener.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  },
);

test.run();
