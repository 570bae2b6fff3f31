import { requireNetwork } from "@inctrl/baselines";
import { count, isPlain, type LeftOut, type Window, windowText } from "@inctrl/datasets";
import {
  anchoredScale,
  type CalibratedJudge,
  doubtText,
  type FittedDetector,
  fileImages,
  gridSide,
  type MapStore,
  pictureNames,
  promiseText,
  readHistory,
  type ScoreRecord,
  Strays,
  scoreImages,
  scoreRecord,
  storedMaps,
} from "@inctrl/detect";
import type { ScoreOptions } from "../commands/score.js";
import { adapterName, withDevice } from "../device.js";
import { CliError, describe, EXIT } from "../errors.js";
import { drawAll, openAlbum, withMapStore } from "../heatmaps.js";
import { holdFolder } from "../output/folder.js";
import { needsLine, openFormat } from "../output/formats.js";
import type { LeftOutRecord, RunHeader } from "../output/record.js";
import { openSink, type Sink } from "../output/sink.js";
import { fixed } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { findInputs, type Inputs, noteOverlap } from "./inputs.js";
import { judgeFor, type Model, withModel } from "./model.js";
import { reportProfile } from "./profile.js";
import { Summary } from "./summary.js";

/** Scores images and writes results as they come. Returns the exit code. */
export async function runScore(options: ScoreOptions, signal: AbortSignal): Promise<number> {
  const inputs = await findInputs(options);
  const { prompts, images } = inputs;
  await requireNetwork(options.backbone);
  await using _ = options.heatmaps ? await holdFolder(options.heatmaps) : null;
  const sink = images.length > 0 ? await openSink(options.out) : null;
  try {
    return await withDevice(options.device, (device) =>
      withModel(device, prompts, options, signal, async (model) => {
        if (!sink) return EXIT.ok;
        announce(model.fitted, images);
        const judge = await judgeFor(model, options);
        for (const line of judge ? promiseText(judge.line, judge.tried) : []) info(line);
        if (!judge && options.exitVerdict)
          throw new CliError(
            "option",
            "--exit-verdict: there is no line, so that no part could be told good; inctrl calibrate sets one",
          );
        if (!judge && needsLine(options.format))
          throw new CliError(
            "option",
            `--format ${options.format}: regions lie above a line, and there is none; inctrl calibrate sets one`,
          );
        const bank = options.bank === undefined ? null : (await readHistory(options.bank)).id;
        const work = { ...inputs, bank, model, sink, options, signal, judge };
        if (!options.heatmaps) return await scoreAndDraw(work);
        return await withMapStore(options.heatmaps, (maps) => scoreAndDraw({ ...work, maps }));
      }),
    );
  } catch (error) {
    await sink?.discard();
    throw error;
  }
}

/** Says what is scored with what. */
function announce(
  { detector: { encoder }, prompts, reading }: FittedDetector,
  images: readonly string[],
): void {
  noteOverlap(
    images,
    prompts.map(({ name }) => name),
  );
  const { backbone, fit } = encoder;
  info(
    `${count(images.length, "image")} against ${count(prompts.length, "prompt")}, with ${backbone.name} on ` +
      `${adapterName(backbone.device.caps)}; fit: ${fit}${isPlain(windowOf({ reading })) ? "" : `; window: ${windowText(windowOf({ reading }))}`}`,
  );
}

const windowOf = ({ reading }: Pick<FittedDetector, "reading">): Window => reading.window ?? "full";

/** What a run works with once its model is open. */
interface Work extends Inputs {
  readonly model: Model;
  readonly sink: Sink;
  /** Where maps wait to be drawn, if heat maps are asked for. */
  readonly maps?: MapStore;
  readonly options: ScoreOptions;
  readonly signal: AbortSignal;
  readonly judge: CalibratedJudge | null;
  /** The bank's id. */
  readonly bank: string | null;
}

async function scoreAndDraw(work: Work): Promise<number> {
  const { model, maps, options, signal } = work;
  const { device } = model.fitted.detector.encoder.backbone;
  const trace = options.profile === undefined ? null : device.trace();
  const summary = await writeScores(work);
  for (const line of summary.lines()) info(line);
  if (trace) {
    const { scored } = summary;
    await reportProfile(await trace.stop(), { file: options.profile!, images: scored, device });
  }
  let failed = 0;
  if (maps && !signal.aborted) {
    const folder = options.heatmaps!;
    // A few prompts tell too little for colours.
    const anchor = work.judge?.line.status === "hint" ? undefined : (work.judge ?? undefined);
    const album = openAlbum(model.fitted, { ...model.reading, below: promptFolder(options) });
    const drawn = await drawAll(folder, maps, album, signal, {
      ...model.reading,
      ...model.fitted.reading,
      judge: anchor,
    });
    const { low = 0, high = 0 } = (anchor ? anchoredScale(anchor) : maps.scale) ?? {};
    info(
      `heat maps of ${count(drawn.drawn, "image")} in ${folder}, colours from ${fixed(low)} to ${fixed(high)}`,
    );
    failed = drawn.failed;
  }
  if (signal.aborted) return EXIT.interrupted;
  if (summary.skipped + failed > 0 || work.incomplete) return EXIT.skipped;
  return options.exitVerdict ? verdictExit(summary) : EXIT.ok;
}

/** The exit code that tells the worst verdict. */
const verdictExit = ({ verdicts: { NG, ERROR, REVIEW } }: Summary): number =>
  NG + ERROR > 0 ? EXIT.flagged : REVIEW > 0 ? EXIT.review : EXIT.ok;

/** Where prompts of a bank are looked for; null, which is said, where no folder is named. Prompts of the command line are anywhere. */
function promptFolder({ bank, bankPrompts }: ScoreOptions): string | null | undefined {
  if (bank === undefined) return undefined;
  if (bankPrompts === undefined)
    warn("no panels: a bank's prompts are opened only in a folder that you name; add --bank-prompts FOLDER");
  return bankPrompts ?? null;
}

async function writeScores({
  model,
  images,
  left,
  sink,
  maps,
  options,
  signal,
  judge,
  bank,
}: Work): Promise<Summary> {
  const format = openFormat(options.format, images);
  const names = maps ? pictureNames(images) : [];
  const summary = new Summary(images.length, judge && doubtText(judge.line, judge.tried ?? null));
  const strays = new Strays();
  // Rows on the same terminal already show the progress.
  const quiet = !options.out && process.stdout.isTTY && process.stderr.isTTY;
  const end = () => {
    const { scored, skipped, done } = summary;
    return sink.write(format.end({ scored, skipped, complete: done === images.length }));
  };
  await sink.write(format.begin({ ...headerOf(model, options), bank, left_out: leftOutRecord(left) }));
  try {
    await withProgress({ total: images.length, verb: "scoring", quiet }, async (update) => {
      for await (const result of scoreImages(model.fitted, fileImages(images, model.reading), {
        signal,
        facts: false,
      })) {
        if ("error" in result) {
          if (options.strict) throw result.error;
          warn(`skipped ${describe(result.error)}`);
          summary.skipped++;
        } else {
          const record = scoreRecord(result, model.fitted, judge);
          await sink.write(format.row(record));
          if (summary.scored === 0) noteDetail(record);
          await maps?.add(storedMaps(result, names[summary.done], model.fitted.prompts));
          summary.add(record);
          strays.add(result.image, result);
        }
        update(summary.done);
      }
    });
  } catch (error) {
    // Output that is already written cannot be removed, but it can be completed to a valid document.
    await end().catch(() => {});
    throw error;
  }
  await end();
  await sink.finish();
  if (strays.warning) warn(strays.warning);
  return summary;
}

/** Says what the smallest thing is that can be seen. */
const noteDetail = ({ image, patch: { width, height } }: ScoreRecord): void => {
  const [across, down] = [width, height].map((length) => Number(length.toPrecision(3)));
  info(`a patch covers ${across} x ${down} pixels of ${image}: of a defect that is smaller, little is seen`);
};

/** Files that are named one by one. */
const NAMED = 20;

const leftOutRecord = (left: readonly LeftOut[]): LeftOutRecord => ({
  count: left.length,
  files: left.slice(0, NAMED).map(({ path, reason }) => ({ file: path, reason })),
});

function headerOf(
  { fitted, heads, alpha, opening }: Model,
  options: ScoreOptions,
): Omit<RunHeader, "left_out" | "bank"> {
  const { detector, prompts } = fitted;
  const { backbone, fit } = detector.encoder;
  return {
    backbone: backbone.name,
    fingerprint: backbone.fingerprint,
    shots: prompts.length,
    prompts: prompts.map(({ name }) => name),
    class: opening.className,
    heads,
    fit,
    window: windowText(windowOf(fitted)),
    orientation: fitted.reading.orientation ?? "ignore",
    turns: detector.symmetries,
    dtype: options.dtype,
    alpha,
    grid: gridSide(detector.encoder),
    device: adapterName(backbone.device.caps),
  };
}
