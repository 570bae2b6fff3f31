import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { count, hashFile } from "@inctrl/datasets";
import {
  type CalibratedJudge,
  driftText,
  promiseText,
  scoreImages,
  scoreRecord,
  unfollowedText,
} from "@inctrl/detect";
import { DriftLog, type Scorer, tellSinks, type WatchCounts, watchFolder } from "@inctrl/server";
import type { WatchSettings } from "../commands/watch.js";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { recalibrationText } from "../output/recalibration.js";
import { judgeFor, type Model, withModel } from "../score/model.js";
import { info, warn } from "../ui/log.js";
import { mapDrawer } from "./maps.js";
import { sinksOf } from "./sinks.js";

/** How often the counts are told. */
const TELL_MS = 10_000;

/** Watches a folder until it is stopped. Returns the exit code. */
export async function runWatch(options: WatchSettings, signal: AbortSignal): Promise<number> {
  const { bank } = options;
  await requireNetwork(options.backbone);
  const sinks = await sinksOf(options);
  return await withDevice(options.device, (device) =>
    withModel(device, null, options, signal, async (model) => {
      const judge = await judgeFor(model, options);
      if (!judge)
        throw new CliError(
          "input",
          `${bank} has no line, so that there are no verdicts; inctrl calibrate makes one`,
        );
      for (const line of promiseText(judge.line, judge.tried)) info(line);
      const sum = await hashFile(bank);
      const told = tellSinks(sinks, join(options.out, ".sinks"), warn);
      const counts = new Counts(options.folder, adapterName(device.caps));
      try {
        await watchFolder({
          ...{ from: options.folder, out: options.out, once: options.once, signal },
          ...{ pollMs: options.poll, patienceMs: options.giveUp },
          ...{ keepDays: options.keepDays, keepBytes: options.keepBytes },
          ...{ scorer: scorerOf(model, judge, sum), drift: driftOf(judge, sum), onNote: warn },
          onCounts: (now) => counts.note(now),
          onPart: options.heatmaps ? mapDrawer(model, judge, options.out) : undefined,
          onLedger: told.onLedger,
          onDrift: (state) => {
            const text = driftText(state);
            warn(text ?? "no drift any more: parts are like the calibration's images again");
            if (text)
              info(
                recalibrationText(
                  bank,
                  ["ok", "review"].map((name) => join(options.out, name)),
                ),
              );
          },
        });
      } finally {
        counts.end();
        await told.close();
      }
      return options.once && counts.errors > 0 ? EXIT.skipped : EXIT.ok;
    }),
  );
}

const scorerOf = ({ fitted, reading }: Model, judge: CalibratedJudge, bank: string): Scorer => ({
  ...{ reading, bank },
  score: (images, signal) => scoreImages(fitted, images, { signal }),
  record: (result) => scoreRecord(result, fitted, judge),
});

/** What follows drift; nothing where there are no good images besides the prompts. */
function driftOf({ line, baseline }: CalibratedJudge, bank: string): DriftLog | undefined {
  if (line.status === "hint") {
    info("drift is not followed: the line is a hint; inctrl calibrate gives what parts are compared with");
    return undefined;
  }
  const unfollowed = unfollowedText(baseline);
  if (unfollowed) info(`drift is followed ${unfollowed}`);
  return new DriftLog(baseline, bank);
}

/** Says now and then how many parts were sorted. */
class Counts {
  #now: WatchCounts | null = null;
  #told: WatchCounts | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(folder: string, adapter: string) {
    info(`watching ${folder} on ${adapter}`);
    this.#timer = setInterval(() => this.#tell(), TELL_MS);
    this.#timer.unref();
  }

  get errors(): number {
    return this.#now?.ERROR ?? 0;
  }

  note(counts: WatchCounts): void {
    this.#now = counts;
  }

  end(): void {
    clearInterval(this.#timer);
    if (!this.#now) info("no parts");
    this.#tell();
  }

  #tell(): void {
    if (!this.#now || this.#now === this.#told) return;
    this.#told = this.#now;
    const { OK, REVIEW, NG, ERROR, repeats, waiting } = this.#now;
    const more = [
      ...(repeats > 0 ? [`${repeats} of them seen before`] : []),
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ];
    const parts = count(OK + REVIEW + NG + ERROR, "part");
    info([`${parts}: ${OK} OK, ${REVIEW} REVIEW, ${NG} NG, ${ERROR} ERROR`, ...more].join("; "));
  }
}
