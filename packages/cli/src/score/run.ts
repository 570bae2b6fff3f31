import { mkdir } from "node:fs/promises";
import { resolveModel } from "@inctrl/clip";
import { count } from "@inctrl/datasets";
import {
  bestMatch,
  type FittedDetector,
  fileImages,
  type ImageScore,
  type MapStore,
  pictureNames,
  scoreImages,
  storedMaps,
} from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import type { ScoreOptions } from "../commands/score.js";
import { adapterName, withDevice } from "../device.js";
import { describe, EXIT } from "../errors.js";
import { drawAll, openAlbum, withMapStore } from "../heatmaps.js";
import { openFormat } from "../output/formats.js";
import type { RunHeader, ScoreRecord } from "../output/record.js";
import { openSink, type Sink } from "../output/sink.js";
import { fixed } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { findInputs, type Inputs, noteOverlap } from "./inputs.js";
import { type Model, openModel } from "./model.js";
import { reportProfile } from "./profile.js";
import { Summary } from "./summary.js";

/** Scores images and writes results as they come. Returns the exit code. */
export async function runScore(options: ScoreOptions, signal: AbortSignal): Promise<number> {
  const inputs = await findInputs(options);
  await resolveModel(options.backbone);
  if (options.heatmaps) await mkdir(options.heatmaps, { recursive: true });
  const sink = inputs.images.length > 0 ? await openSink(options.out) : null;
  try {
    return await withDevice(options.device, (device) => scoreOn(device, inputs, sink, options, signal));
  } catch (error) {
    await sink?.discard();
    throw error;
  }
}

async function scoreOn(
  device: Device,
  inputs: Inputs,
  sink: Sink | null,
  options: ScoreOptions,
  signal: AbortSignal,
): Promise<number> {
  const model = await openModel(device, inputs.prompts, options, signal);
  try {
    if (!sink) return EXIT.ok;
    const { detector, prompts } = model.fitted;
    const { backbone, fit } = detector.encoder;
    noteOverlap(
      inputs.images,
      prompts.map(({ name }) => name),
    );
    info(
      `${count(inputs.images.length, "image")} against ${count(prompts.length, "prompt")}, with ${backbone.name} on ` +
        `${adapterName(device.caps)}; fit: ${fit}`,
    );
    const work = { device, model, images: inputs.images, sink, options, signal };
    if (!options.heatmaps) return await scoreAndDraw(work);
    return await withMapStore(options.heatmaps, (maps) => scoreAndDraw({ ...work, maps }));
  } finally {
    model.close();
  }
}

/** What a run works with once its model is open. */
interface Work {
  readonly device: Device;
  readonly model: Model;
  readonly images: readonly string[];
  readonly sink: Sink;
  /** Where maps wait to be drawn, if heat maps are asked for. */
  readonly maps?: MapStore;
  readonly options: ScoreOptions;
  readonly signal: AbortSignal;
}

async function scoreAndDraw(work: Work): Promise<number> {
  const { device, model, maps, options, signal } = work;
  const trace = options.profile === undefined ? null : device.trace();
  const summary = await writeScores(work);
  for (const line of summary.lines()) info(line);
  if (trace) {
    const { scored } = summary;
    await reportProfile(await trace.stop(), { file: options.profile!, images: scored, device });
  }
  if (signal.aborted) return EXIT.interrupted;
  const failed = maps ? await drawMaps(options.heatmaps!, maps, model.fitted, signal) : 0;
  if (signal.aborted) return EXIT.interrupted;
  return summary.skipped + failed > 0 ? EXIT.skipped : EXIT.ok;
}

async function writeScores({ model, images, sink, maps, options, signal }: Work): Promise<Summary> {
  const format = openFormat(options.format, images);
  const names = maps ? pictureNames(images) : [];
  const summary = new Summary(images.length);
  // Rows on the same terminal already show the progress.
  const quiet = !options.out && process.stdout.isTTY && process.stderr.isTTY;
  const progress = startProgress(images.length, { verb: "scoring", quiet });
  const end = () =>
    sink.write(
      format.end({
        scored: summary.scored,
        skipped: summary.skipped,
        complete: summary.done === images.length,
      }),
    );
  await sink.write(format.begin(headerOf(model, options)));
  try {
    for await (const result of scoreImages(model.fitted, fileImages(images), { signal })) {
      if ("error" in result) {
        if (options.strict) throw result.error;
        warn(`skipped ${describe(result.error)}`);
        summary.skipped++;
      } else {
        const record = recordOf(result, model.fitted);
        await sink.write(format.row(record));
        await maps?.add(storedMaps(result, names[summary.done], model.fitted.prompts));
        summary.add(record);
      }
      progress.update(summary.done);
    }
  } catch (error) {
    // Output that is already written cannot be removed, but it can be completed to a valid document.
    await end().catch(() => {});
    throw error;
  } finally {
    progress.stop();
  }
  await end();
  await sink.finish();
  return summary;
}

/** Draws the heat maps and returns the number of images that could no longer be read. */
async function drawMaps(
  folder: string,
  maps: MapStore,
  fitted: FittedDetector,
  signal: AbortSignal,
): Promise<number> {
  const { drawn, failed } = await drawAll(folder, maps, openAlbum(fitted), signal);
  const { low = 0, high = 0 } = maps.scale ?? {};
  info(`heat maps of ${count(drawn, "image")} in ${folder}, colours from ${fixed(low)} to ${fixed(high)}`);
  return failed;
}

function headerOf({ fitted, heads, alpha }: Model, options: ScoreOptions): RunHeader {
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
    turns: detector.symmetries,
    dtype: options.dtype,
    alpha,
    grid: backbone.grid.columns,
    device: adapterName(backbone.device.caps),
  };
}

function recordOf({ image, score, parts, view, views }: ImageScore, fitted: FittedDetector): ScoreRecord {
  const seen = views[view];
  const match = bestMatch(seen);
  return {
    image,
    score,
    residual: parts.s_p ?? null,
    image_residual: parts.s_i ?? null,
    text: parts.s_a ?? null,
    phi: parts.phi ?? null,
    match: match && {
      prompt: fitted.prompts[match.prompt].name,
      patch: match.patch,
      query_patch: match.queryPatch,
    },
    fit: fitted.detector.encoder.fit,
    view,
    box: seen.box,
  };
}
