import { requireNetwork } from "@inctrl/baselines";
import { count, isPlain, type LeftOut, type Window, windowText } from "@inctrl/datasets";
import {
  anchoredScale,
  type BestMatch,
  bestMatch,
  type Encoder,
  type FittedDetector,
  fileImages,
  type Grid,
  type ImageScore,
  judge,
  judgeOf,
  type MapStore,
  mergeViews,
  pictureNames,
  promiseText,
  readCalibration,
  regionsAbove,
  Strays,
  scoreImages,
  storedMaps,
} from "@inctrl/detect";
import type { ScoreOptions } from "../commands/score.js";
import { adapterName, withDevice } from "../device.js";
import { describe, EXIT } from "../errors.js";
import { drawAll, openAlbum, withMapStore } from "../heatmaps.js";
import { holdFolder } from "../output/folder.js";
import { openFormat } from "../output/formats.js";
import type { GridSize, LeftOutRecord, RunHeader, ScoreRecord } from "../output/record.js";
import { openSink, type Sink } from "../output/sink.js";
import { fixed } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { findInputs, type Inputs, noteOverlap } from "./inputs.js";
import { type Model, verdictSettings, withModel } from "./model.js";
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
        const calibration = await calibrationOf(model, options);
        const work = { ...inputs, model, sink, options, signal, calibration };
        if (!options.heatmaps) return await scoreAndDraw(work);
        return await withMapStore(options.heatmaps, (maps) => scoreAndDraw({ ...work, maps }));
      }),
    );
  } catch (error) {
    await sink?.discard();
    throw error;
  }
}

/** What is known of good parts, with the line that it draws; null where nothing is. */
async function calibrationOf(model: Model, options: ScoreOptions) {
  const calibration =
    options.bank === undefined
      ? model.hint
      : await readCalibration(options.bank, await verdictSettings(model, options));
  if (!calibration) return null;
  const judge = judgeOf(calibration);
  const { status, alpha, n, threshold } = judge.line;
  for (const line of promiseText(judge.line)) info(line);
  return { record: { status, alpha, n, threshold }, judge };
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
  readonly calibration: Awaited<ReturnType<typeof calibrationOf>>;
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
    const { judge } = work.calibration ?? {};
    const anchor = judge?.line.status === "hint" ? undefined : judge;
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
  calibration,
}: Work): Promise<Summary> {
  const format = openFormat(options.format, images);
  const names = maps ? pictureNames(images) : [];
  const summary = new Summary(images.length);
  const strays = new Strays();
  // Rows on the same terminal already show the progress.
  const quiet = !options.out && process.stdout.isTTY && process.stderr.isTTY;
  const end = () => {
    const { scored, skipped, done } = summary;
    return sink.write(format.end({ scored, skipped, complete: done === images.length }));
  };
  await sink.write(format.begin({ ...headerOf(model, options), left_out: leftOutRecord(left) }));
  try {
    await withProgress({ total: images.length, verb: "scoring", quiet }, async (update) => {
      for await (const result of scoreImages(model.fitted, fileImages(images, model.reading), { signal })) {
        if ("error" in result) {
          if (options.strict) throw result.error;
          warn(`skipped ${describe(result.error)}`);
          summary.skipped++;
        } else {
          const record = { ...recordOf(result, model.fitted), ...verdictOf(result, calibration) };
          await sink.write(format.row(record));
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

/** Files that are named one by one. */
const NAMED = 20;

const leftOutRecord = (left: readonly LeftOut[]): LeftOutRecord => ({
  count: left.length,
  files: left.slice(0, NAMED).map(({ path, reason }) => ({ file: path, reason })),
});

function headerOf({ fitted, heads, alpha }: Model, options: ScoreOptions): Omit<RunHeader, "left_out"> {
  const { detector, prompts } = fitted;
  const { backbone, fit } = detector.encoder;
  return {
    backbone: backbone.name,
    fingerprint: backbone.fingerprint,
    shots: prompts.length,
    prompts: prompts.map(({ name }) => name),
    class: options.class ?? null,
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

/** What the calibration says of an image, in a result's fields. */
const verdictOf = ({ score, views }: ImageScore, calibration: Work["calibration"]) =>
  calibration
    ? {
        ...judge(score, calibration.judge),
        calibration: calibration.record,
        regions: regionsAbove(mergeViews(views), calibration.judge.patchLine),
      }
    : { verdict: null, p_value: null, scaled_score: null, calibration: null, regions: null };

function recordOf(
  { image, score, parts, view, views }: ImageScore,
  fitted: FittedDetector,
): Omit<ScoreRecord, keyof ReturnType<typeof verdictOf>> {
  const seen = views[view];
  const match = bestMatch(seen);
  const { s_p = null, s_i = null, text = null, s_a = text, phi = null, ...others } = parts;
  return {
    image,
    score,
    residual: s_p,
    image_residual: s_i,
    text: s_a,
    phi,
    ...(Object.keys(others).length > 0 && { parts: others }),
    match: match && {
      prompt: fitted.prompts[match.prompt].name,
      patch: match.patch,
      query_patch: match.queryPatch,
      ...gridsOf(match, seen.map, fitted.detector.encoder),
    },
    fit: fitted.detector.encoder.fit,
    window: windowText(windowOf(fitted)),
    view,
    box: seen.box,
  };
}

/** The grids of a match, as far as they are not the header's. */
function gridsOf({ queryGrid, promptGrid }: BestMatch, map: Grid, encoder: Encoder) {
  const side = gridSide(encoder);
  const told = ({ rows, columns }: Grid): GridSize | undefined =>
    rows === side && columns === side ? undefined : [rows, columns];
  const query = told(queryGrid ?? map);
  const prompt = told(promptGrid ?? queryGrid ?? map);
  return { ...(query && { query_grid: query }), ...(prompt && { prompt_grid: prompt }) };
}

/** Patches along each side of the deepest tap. */
const gridSide = ({ layouts }: Encoder): number => layouts[layouts.length - 1].columns;
