import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { MAIN } from "./command.js";

/** `inctrl serve` in a process of its own. */
export interface RunningService extends AsyncDisposable {
  readonly address: string;
  /** What it logged. */
  log(): string;
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
}

/** Starts `inctrl serve` from the sources, and waits until it listens. */
export async function startService(...args: readonly string[]): Promise<RunningService> {
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, MAIN, "serve", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const ended = once(child, "exit");
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr!.on("data", (text) => {
      log += text;
      const found = /listening on (http:\S+),/.exec(log)?.[1];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error(`inctrl serve ended: ${log}`)));
  });
  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
  };
  return { address, log: () => log, stop, [Symbol.asyncDispose]: stop };
}
