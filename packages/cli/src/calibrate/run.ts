import { requireNetwork } from "@inctrl/baselines";
import { count } from "@inctrl/datasets";
import {
  amendBank,
  type Calibration,
  calibrationEntry,
  changeBank,
  clopperPearson,
  doubtText,
  type FittedDetector,
  type Found,
  f1Max,
  falseAlarms,
  fileImages,
  findsText,
  foundOf,
  judgeOf,
  missesMany,
  promiseText,
  readHistory,
  scoreImages,
} from "@inctrl/detect";
import type { CalibrateOptions } from "../commands/calibrate.js";
import { withDevice } from "../device.js";
import { CliError, describe, EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { type Model, verdictSettings, withModel } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { fixed } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import {
  type CalibrationImage,
  distinctImages,
  inParts,
  kindOf,
  noteOneHour,
  refusePrompts,
} from "./images.js";

/** An image and what was found of it. */
type Scored = CalibrationImage & Found;

/** Sets the line of a bank, prints what it promises and how much it finds. Returns the exit code. */
export async function runCalibrate(options: CalibrateOptions, signal: AbortSignal): Promise<number> {
  const { bank, normals, anomalies, group, review, falseAlarms: alpha } = options;
  await requireNetwork(options.backbone);
  const { id: from } = await readHistory(bank);
  const found = await distinctImages(normals);
  const good = group === undefined ? found : inParts(found, group);
  const bad = anomalies ? await distinctImages(anomalies) : [];
  return await withDevice(options.device, (device) =>
    withModel(device, null, options, signal, async (model) => {
      refusePrompts([...good, ...bad], model.fitted.prompts);
      await noteOneHour(good);
      const scored = await scoreAll(model, [...good, ...bad], signal);
      const images = scored.slice(0, good.length).flatMap((each) => each ?? []);
      if (images.length === 0) throw new CliError("input", "no good image could be scored; there is no line");
      const finds = scored.slice(good.length).flatMap((each) => each ?? []);
      const line: Calibration = {
        ...{ version: 1, alpha, review, images, made: new Date().toISOString() },
        settings: await verdictSettings(model, options),
      };
      const flagged = findings(finds, judgeOf(line).line.threshold);
      const [tried = null] = flagged;
      const calibration = tried ? { ...line, tried: { found: tried.found, of: tried.of } } : line;
      await changeBank(bank, { what: "calibrated", images: [], from }, (entries) =>
        amendBank(bank, { ...entries, ...calibrationEntry(calibration) }),
      );
      noteMisses(flagged);
      await printResult(options.json, documentOf(calibration, finds), textOf(bank, calibration, finds));
      return scored.includes(null) ? EXIT.skipped : EXIT.ok;
    }),
  );
}

/** The score of each image, in their order; null for those that cannot be read. */
async function scoreAll(
  { fitted, reading }: { fitted: FittedDetector } & Pick<Model, "reading">,
  images: readonly CalibrationImage[],
  signal: AbortSignal,
): Promise<(Scored | null)[]> {
  const scored: (Scored | null)[] = [];
  const names = images.map(({ name }) => name);
  await withProgress({ total: images.length, verb: "scoring" }, async (update) => {
    for await (const result of scoreImages(fitted, fileImages(names, reading), { signal })) {
      const image = images[scored.length];
      if ("error" in result) warn(`skipped ${describe(result.error)}`);
      if ("error" in result) scored.push(null);
      else scored.push({ ...image, ...foundOf(result) });
      update(scored.length);
    }
  });
  stopIfAborted(signal);
  return scored;
}

/** Of bad images, in all and of each kind, how many the line finds. */
function findings(bad: readonly Scored[], threshold: number) {
  const kinds = [...new Set(bad.map(kindOf))];
  const of = (kind: string | null) => {
    const own = bad.filter((each) => kind === null || kindOf(each) === kind);
    const hits = own.filter(({ score }) => score > threshold).length;
    return { kind, found: hits, of: own.length, ...clopperPearson(hits, own.length) };
  };
  return bad.length === 0 ? [] : [of(null), ...(kinds.length > 1 ? kinds.map(of) : [])];
}

/** The line with the largest F1 of these images, which promises nothing of others. */
function bestF1({ images }: Calibration, bad: readonly Scored[]) {
  if (bad.length === 0) return null;
  return f1Max(
    [...images.map(() => 0), ...bad.map(() => 1)],
    [...images, ...bad].map(({ score }) => score),
  );
}

function documentOf(calibration: Calibration, bad: readonly Scored[]) {
  const { line, patchLine, tried = null } = judgeOf(calibration);
  const { status, alpha, n, threshold } = line;
  return {
    doubt: doubtText(line, tried),
    patch_threshold: patchLine,
    ...{ calibration: { status, alpha, n, threshold }, review: calibration.review },
    of_1000_good: falseAlarms(line),
    found: findings(bad, threshold),
    f1_max: bestF1(calibration, bad),
  };
}

/** Says loudly where a line does not find bad parts: nobody is to take its OK for a promise. */
function noteMisses(found: ReturnType<typeof findings>): void {
  const [all, ...kinds] = found;
  if (!all) return;
  const mend =
    "a larger backbone (--backbone) finds more, --tile sees small defects, and prompts of all that is normal help";
  if (missesMany(all)) warn(`${findsText(all)} Do not sort parts by it; ${mend}`);
  for (const { kind, found, of } of kinds)
    if (found === 0) warn(`of ${of} ${kind} 0 were flagged: this line does not find them`);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

function textOf(bank: string, calibration: Calibration, bad: readonly Scored[]): string {
  const { line, tried } = judgeOf(calibration);
  const found = findings(bad, line.threshold).map(({ kind, found, of, share, low, high }) => {
    const interval = `${percent(share)}, with 95% confidence ${percent(low)} to ${percent(high)}`;
    return `found ${found} of ${kind === null ? count(of, "bad image") : `${of} ${kind}`}: ${interval}`;
  });
  const best = bestF1(calibration, bad);
  const f1 = best
    ? [`F1 of these images is largest, ${best.f1.toFixed(3)}, from ${fixed(best.threshold)} on`]
    : [];
  info(`${bank} has its line; score --bank now tells verdicts`);
  return `${[`line: ${fixed(line.threshold)} (${line.status})`, ...promiseText(line, tried), ...found, ...f1].join("\n")}\n`;
}
