import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const signals = fileURLToPath(new URL("../src/signals.ts", import.meta.url));

/** Starts a job that ends when it is stopped, or never, and sends it signals. @returns how its process ended, and what it said. */
async function job({ never = false, send }: { never?: boolean; send: readonly NodeJS.Signals[] }) {
  const end = never ? "" : "signal.onabort = () => done('ended cleanly')";
  const text = `
    import { interruptible } from ${JSON.stringify(signals)};
    const waiting = setInterval(() => {}, 1000);
    console.log(await interruptible((signal) => new Promise((done) => { console.log("ready"); ${end} })));
    clearInterval(waiting);`;
  const child = spawn(process.execPath, [...process.execArgv, "--input-type=module", "-e", text], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (some) => {
    err += some;
    const asked = err.split("stopping").length - 1;
    // The second one is a press of its own: signals of one press come within 0.3 s.
    if (asked === 1 && send.length > 1) setTimeout(() => child.kill(send[1]), 400);
  });
  child.stdout.setEncoding("utf8").on("data", (some) => {
    out += some;
    if (some.includes("ready")) child.kill(send[0]);
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, out, err };
}

test("a hang-up ends a run cleanly, as Ctrl-C does; a second Ctrl-C ends one that does not stop, at once", async () => {
  if (process.platform === "win32") return;
  const [hungUp, pressed] = await Promise.all([
    job({ send: ["SIGHUP"] }),
    job({ never: true, send: ["SIGINT", "SIGINT"] }),
  ]);
  assert.equal([hungUp.code, hungUp.signal], [0, null], hungUp.err);
  assert.match(hungUp.out, "ended cleanly");
  assert.match(hungUp.err, "stopping: finishing what is in hand");
  assert.equal([pressed.code, pressed.signal], [null, "SIGINT"], pressed.err);
  assert.match(pressed.err, "Ctrl-C again stops at once");
});

test.run();
