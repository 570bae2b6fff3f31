import { stat } from "node:fs/promises";
import { earlierRate, isS3, writeManifest } from "@inctrl/cluster";
import { count } from "@inctrl/datasets";
import { onDisk } from "@inctrl/tensor/files";
import { EXIT } from "../errors.js";
import { print } from "../output/print.js";
import { duration, fixed, listed, size } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import { namesOf } from "./images.js";
import type { SubmitOptions } from "./options.js";
import { factsOf } from "./prepare.js";
import { withModelScorer } from "./scorer.js";

/** Images that are scored to measure a rate, after some that compile kernels. */
const [SAMPLE, WARM] = [32, 8];

/** Earlier runs that are named. */
const RUNS = 3;

/** A rate, and where it comes from. */
interface Rate {
  readonly perSecond: number;
  readonly from: string;
}

/** `inctrl cluster submit --dry-run`: says how much a run would be, and writes nothing. Returns the exit code. */
export async function dryRun(options: SubmitOptions, signal: AbortSignal): Promise<number> {
  const { images, recursive, chunk } = options;
  let bytes = 0;
  const nowhere = {
    where: "a dry run",
    async create(_: string, content: Uint8Array) {
      bytes += content.length;
      return true;
    },
  };
  const sample = new Sample(SAMPLE + WARM);
  const names = sample.watch(namesOf(images, { recursive }));
  const manifest = await writeManifest(nowhere as never, names, chunk);
  const { perSecond, from } = await rateOf(options, sample.names, signal);
  const seconds = manifest.images / perSecond;
  await print(
    `${count(manifest.images, "image")} in ${count(manifest.chunks.length, "chunk")} of ${chunk}\n` +
      `${size(bytes)} of names${await imageBytes(sample.names, manifest.images)}\n` +
      `${duration(seconds)} (${(seconds / 3600).toFixed(2)} hours) at ${fixed(perSecond)} images a second: ${from}\n`,
  );
  return EXIT.ok;
}

/** The rate that was given, that of earlier runs, or that of this machine for some of the run's own images. */
async function rateOf(options: SubmitOptions, names: readonly string[], signal: AbortSignal): Promise<Rate> {
  if (options.rate !== undefined) return { perSecond: options.rate, from: "given by --rate" };
  const earlier = await earlierRate(options.runs, await factsOf(options));
  if (earlier !== null) {
    const { perSecond, images, runs, devices } = earlier;
    const where = listed(runs, RUNS, "runs").join(", ");
    const from = `one worker's in ${where}, over ${count(images, "image")} (${devices.join(", ")})`;
    return { perSecond, from };
  }
  const warm = names.slice(0, WARM);
  const timed = names.length > WARM ? names.slice(WARM) : names;
  info(
    `${options.runs} has no run of this bank, so the rate is measured on ${count(timed.length, "image")}; --rate N leaves this out`,
  );
  return await withModelScorer(
    { ...options, batch: undefined, threads: undefined },
    undefined,
    signal,
    async (scorer) => {
      const all = async (given: readonly string[]) => {
        let failed = 0;
        for await (const row of scorer.score(stream(given), () => {})) if ("error" in row) failed++;
        return failed;
      };
      await all(warm);
      const begun = performance.now();
      const failed = await all(timed);
      const seconds = (performance.now() - begun) / 1000;
      const unreadable = failed > 0 ? `, ${failed} of them unreadable` : "";
      return {
        perSecond: timed.length / seconds,
        from: `measured now on ${count(timed.length, "image")} of the run${unreadable}, by one worker like this machine (${scorer.device})`,
      };
    },
  );
}

async function* stream(names: readonly string[]): AsyncGenerator<string> {
  yield* names;
}

/** What images have in all, by the mean of those of the sample that are files. */
async function imageBytes(names: readonly string[], images: number): Promise<string> {
  const files = names.filter((name) => !isS3(name));
  const found = await Promise.all(files.map((name) => stat(onDisk(name)).catch(() => null)));
  const sizes = found.flatMap((each) => (each ? [each.size] : []));
  if (sizes.length === 0) return "";
  const mean = sizes.reduce((sum, each) => sum + each, 0) / sizes.length;
  return `; about ${size(mean * images)} of images, by the mean of ${sizes.length}`;
}

/** Names from all over a list of unknown length: every n-th, n doubling whenever there are too many. */
export class Sample {
  readonly #most: number;
  #names: string[] = [];
  #every = 1;
  #seen = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** At most as many as were asked for, in the order of the list. */
  get names(): readonly string[] {
    const { length } = this.#names;
    const kept = Math.min(length, this.#most);
    return Array.from({ length: kept }, (_, i) => this.#names[Math.floor((i * length) / kept)]);
  }

  async *watch(names: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const name of names) {
      if (this.#seen++ % this.#every === 0) this.#names.push(name);
      if (this.#names.length === 2 * this.#most) {
        this.#names = this.#names.filter((_, i) => i % 2 === 0);
        this.#every *= 2;
      }
      yield name;
    }
  }
}
