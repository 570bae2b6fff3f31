import type { ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Served, serve } from "@inctrl/server/serve";
import type { Reached } from "@inctrl/testing/http";
import * as assert from "uvu/assert";
import { type ServeOptions, serveCommand } from "../../src/commands/serve.js";
import { readSettings } from "../../src/options/read.js";
import { engineOf } from "../../src/serve/engine.js";
import { serviceOptions } from "../../src/serve/run.js";
import { captured, type Outcome } from "./capture.js";
import { cli, spawnCli } from "./cli.js";
import { writeImages, writeModel } from "./model.js";

/** A small model, drawn images, and a bank of the first of them, in a folder. */
export interface Line {
  readonly backbone: string;
  /** The folder of banks; `metal` is in it. */
  readonly products: string;
  /** Drawn metal; those with an odd number have a scratch. */
  readonly images: readonly string[];
  /** Makes a bank of other prompts. */
  bank(file: string, ...prompts: string[]): Promise<void>;
}

/** Makes a line in a folder. */
export async function makeLine(folder: string, count = 12): Promise<Line> {
  const backbone = path.join(folder, "model.safetensors");
  const products = path.join(folder, "products");
  mkdirSync(products);
  await writeModel(backbone);
  const images = writeImages(path.join(folder, "images"), count);
  const bank = async (file: string, ...prompts: string[]) => {
    const run = await cli(["score", "--backbone", backbone, "--prompts", ...prompts, "--save-bank", file]);
    assert.is(run.code, 0, run.stderr);
  };
  await bank(path.join(products, "metal.bank.safetensors"), images[0], images[2], images[4]);
  return { backbone, products, images, bank };
}

/** Options of the command as it would read them. */
export const optionsOf = async (line: Line, more: Partial<ServeOptions> = {}): Promise<ServeOptions> =>
  (await readSettings(serveCommand.options, {
    ...{ products: line.products, backbone: line.backbone, port: 0, threads: 0 },
    ...more,
  } as never)) as ServeOptions;

/** A service on a free port. What it logs is not shown. */
export async function startQuietly(
  line: Line,
  more: Partial<ServeOptions> = {},
  start: (options: ServeOptions) => Promise<Served> = (options) =>
    serve(serviceOptions(options, engineOf(options, new AbortController().signal))),
): Promise<Served> {
  const options = await optionsOf(line, more);
  let served: Served | undefined;
  await captured(async () => {
    served = await start(options);
    return 0;
  });
  return served as Served;
}

/** The command in a process of its own. */
export interface ServingProcess {
  readonly served: Reached;
  readonly child: ChildProcess;
  /** What it wrote so far. */
  stderr(): string;
}

/** Runs `inctrl serve` in a process of its own, and a job once it listens. The job has the process end. */
export async function inProcess(
  { products, backbone }: Line,
  job: (running: ServingProcess) => Promise<void>,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  let stderr = "";
  let working: Promise<void> | undefined;
  const own = ["serve", "--products", products, "--backbone", backbone, "--port", "0"];
  const run = await spawnCli([...own, ...args], {
    env,
    onStart(child) {
      child.stderr!.on("data", (text) => {
        stderr += text;
        const address = /listening on (http:\S+),/.exec(stderr)?.[1];
        if (!address || working) return;
        working = job({ served: { address }, child, stderr: () => stderr });
        // A failure here must not leave the process for somebody to wait for.
        working.catch(() => child.kill("SIGKILL"));
      });
    },
  });
  await working;
  return run;
}
