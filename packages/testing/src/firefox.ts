import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Firefox by WebDriver BiDi.

const USUAL = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const named = process.env.FIREFOX_PATH;
/** The Firefox of this machine, or the one that FIREFOX_PATH names; undefined: none. */
export const FIREFOX = (named ? [named] : USUAL).find((file) => existsSync(file));

/** Firefox on Linux has WebGPU behind these, as of 153. */
export const WEBGPU = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true };

const PATIENCE_MS = 300_000;

/** One tab of a Firefox. */
export interface Tab {
  readonly version: string;
  open(url: string): Promise<void>;
  /** The value of an expression, a text or a number. */
  value(expression: string): Promise<unknown>;
  /** Waits until an expression is true, five minutes unless told otherwise. */
  until(expression: string, patienceMs?: number): Promise<void>;
  give(place: string, files: readonly string[]): Promise<void>;
}

/**
 * Runs a job in a Firefox with a fresh profile.
 *
 * @example
 * await inFirefox(WEBGPU, async (tab) => tab.open("http://127.0.0.1:8000/"));
 */
export async function inFirefox(prefs: object, job: (tab: Tab) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "inctrl-firefox-"));
  const lines = Object.entries({ "remote.prefs.recommended": true, ...prefs });
  const text = lines.map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), text.join(""));
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  const child = spawn(FIREFOX as string, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  try {
    await job(await tabOf(await addressOf(child)));
  } finally {
    child.kill();
    await ended;
    await rm(profile, { recursive: true, force: true });
  }
}

const addressOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`Firefox ended: ${said}`)));
    child.stderr!.on("data", (text) => {
      said += text;
      const found = /BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
  });

async function tabOf(address: string): Promise<Tab> {
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`${address}: no connection`)));
  });
  const waiting = new Map<number, (answer: { type: string; message?: string; result?: never }) => void>();
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
  });
  socket.addEventListener("close", () => {
    for (const end of waiting.values()) end({ type: "error", message: "Firefox has ended" });
  });
  let count = 0;
  // biome-ignore lint/suspicious/noExplicitAny: answers of a protocol
  const send = (method: string, params: object): Promise<any> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      const message = `no answer within ${PATIENCE_MS / 1000} s`;
      const patience = setTimeout(() => waiting.get(id)?.({ type: "error", message }), PATIENCE_MS);
      waiting.set(id, ({ type, message, result }) => {
        waiting.delete(id);
        clearTimeout(patience);
        if (type === "error") reject(new Error(`${method}: ${message}`));
        else resolve(result);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  const { capabilities } = await send("session.new", { capabilities: {} });
  const [{ context }] = (await send("browsingContext.getTree", {})).contexts;
  const run = async (expression: string) => {
    const target = { context };
    const said = await send("script.evaluate", { expression, target, awaitPromise: true });
    if (said.type === "exception") throw new Error(`${expression}: ${said.exceptionDetails.text}`);
    return said.result;
  };
  const until = async (expression: string, patienceMs = PATIENCE_MS) => {
    for (const end = Date.now() + patienceMs; (await run(expression)).value !== true; ) {
      if (Date.now() > end) throw new Error(`${expression}: not within ${patienceMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  return {
    version: capabilities.browserVersion,
    until,
    open: (url) => send("browsingContext.navigate", { context, url, wait: "complete" }),
    value: async (expression) => (await run(expression)).value,
    async give(place, files) {
      const { sharedId } = await run(`document.querySelector('input[aria-label="${place}"]')`);
      await send("input.setFiles", { context, element: { sharedId }, files });
    },
  };
}

/** Runs this program again where Node has no WebSocket: it needs a flag before Node 22. Gives that run's exit code; undefined: not needed. */
export async function againWithWebSocket(): Promise<number | undefined> {
  if ("WebSocket" in globalThis) return undefined;
  const again = ["--experimental-websocket", ...process.execArgv, ...process.argv.slice(1)];
  const [code] = await once(spawn(process.execPath, again, { stdio: "inherit" }), "exit");
  return code ?? 1;
}
