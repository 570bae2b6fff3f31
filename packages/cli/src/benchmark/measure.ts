import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Backbone,
  CachedEncoder,
  type Detector,
  drawMaps,
  Encoder,
  type EncoderOptions,
  type Evaluation,
  evaluateAll,
  FeatureStore,
  imageFlop,
  type MethodFacts,
  type Shown,
  selectTaps,
  type Tap,
  TensorCache,
} from "@inctrl/detect";
import { onDisk } from "@inctrl/tensor/files";
import type { BenchmarkOptions } from "../commands/benchmark.js";
import { skippedText } from "../datasets/open.js";
import { describe } from "../errors.js";
import { featureFolder } from "../features.js";
import { encoderOptions, loadTrained, trainedFacts } from "../methods.js";
import { noteWindow } from "../score/model.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import type { NamedSet } from "./data.js";
import type { Entry } from "./entries.js";

/** What was measured of an entry. */
export interface Measured {
  /** One a data set, in their order; fewer where it was stopped. */
  readonly evaluations: readonly Evaluation[];
  readonly facts: MethodFacts;
  /** Of each data set; null where the pictures could not be drawn. */
  readonly shown: readonly (readonly Shown[] | null)[];
}

/** An entry, what its encoder takes, and its detector. */
interface Opened {
  readonly entry: Entry;
  readonly input: EncoderOptions;
  readonly trained: Disposable | undefined;
  readonly detector: Detector;
}

type MeasureOptions = Pick<
  BenchmarkOptions,
  "out" | "shots" | "seeds" | "fit" | "threads" | "window" | "cache" | "cacheLimit"
>;

/** Pictures of a report. */
const PICTURES = 24;

/** Measures the entries of one backbone: images are encoded once for all that prepare them alike. */
export async function measureBackbone(
  backbone: Backbone,
  entries: readonly Entry[],
  sets: readonly NamedSet[],
  options: MeasureOptions,
  signal: AbortSignal,
): Promise<Map<Entry, Measured>> {
  const cache = await TensorCache.open(options.cache ?? featureFolder(), {
    limit: options.cacheLimit,
    onNote: warn,
  });
  const measured = new Map<Entry, Measured>();
  const asked = entries.map((entry) => ({
    entry,
    input: encoderOptions(entry, backbone, { fit: options.fit, threads: options.threads }),
  }));
  const framing = ({ input: { fit, preprocess } }: (typeof asked)[number]) =>
    JSON.stringify([fit, preprocess]);
  for (const frame of new Set(asked.map(framing))) {
    const alike = asked.filter((each) => framing(each) === frame);
    const inputs = alike.map(({ input }) => input);
    const root = rootOf(backbone, inputs, cache);
    const opened: Opened[] = [];
    try {
      for (const { entry, input } of alike) {
        const trained = await loadTrained(entry, backbone.device);
        const own = selectTaps(root, { taps: input.taps ?? backbone.defaultTaps, raw: input.raw ?? false });
        const detector = entry.method.create(own, entry.settings, trained);
        opened.push({ entry, input, trained, detector });
      }
      const found = await measureGroup(opened, sets, options, signal);
      for (const [i, each] of found.entries()) measured.set(opened[i].entry, each);
    } finally {
      for (const { trained } of opened) trained?.[Symbol.dispose]();
    }
    if (signal.aborted) break;
  }
  return measured;
}

/** The encoder that gives the taps of all inputs, which prepare images alike. */
function rootOf(backbone: Backbone, inputs: readonly EncoderOptions[], cache: TensorCache): Encoder {
  const [{ fit, preprocess, threads }] = inputs;
  const wanted = new Set(inputs.flatMap(({ taps = backbone.defaultTaps }) => taps));
  const rank = (tap: Tap) => (typeof tap === "number" ? tap : Number.POSITIVE_INFINITY);
  const taps = [...wanted].sort((a, b) => rank(a) - rank(b) || String(a).localeCompare(String(b)));
  const shared = {
    ...{ preprocess, threads, taps, raw: inputs.some(({ raw }) => raw) },
    features: inputs.some(({ features = true }) => features),
  };
  // The cache keeps one square of each image.
  if (fit === "whole" || fit === "tile") return new Encoder(backbone, { ...shared, fit });
  return new CachedEncoder(new FeatureStore(backbone, cache, { ...shared, fit }));
}

/** Measures entries that share an encoder. */
async function measureGroup(
  opened: readonly Opened[],
  sets: readonly NamedSet[],
  options: MeasureOptions,
  signal: AbortSignal,
): Promise<Measured[]> {
  const { backbone } = opened[0].detector.encoder;
  const evaluations: Evaluation[][] = opened.map(() => []);
  const shown: (Shown[] | null)[][] = opened.map(() => []);
  for (const dataSet of sets) {
    const labels = opened.map(({ entry }) => entry.label).join(", ");
    info(`${labels} with ${backbone.name} on ${dataSet.name}`);
    const found = await evaluateSet(opened, dataSet, options, signal);
    for (const [i, evaluation] of found.entries()) {
      evaluations[i].push(evaluation);
      if (!evaluation.complete) continue;
      const { entry, detector } = opened[i];
      const most = Math.max(1, Math.floor(PICTURES / sets.length));
      shown[i].push(await drawMaps(evaluation, dataSet, detector, { most }).catch(noPictures(entry)));
    }
    if (signal.aborted) break;
  }
  const measured: Measured[] = [];
  for (const [i, each] of opened.entries()) {
    const facts = await factsOf(each, evaluations[i], sets);
    measured.push({ evaluations: evaluations[i], shown: shown[i], facts });
  }
  return measured;
}

const noPictures =
  ({ label }: Entry) =>
  (error: Error): null => {
    warn(`the report has no pictures of ${label}: ${describe(error)}`);
    return null;
  };

async function evaluateSet(
  opened: readonly Opened[],
  dataSet: NamedSet,
  { out, shots, seeds, window }: MeasureOptions,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const folder = join(out, dataSet.name.replace(/[^\w.-]+/g, "-"));
  await mkdir(onDisk(folder), { recursive: true });
  const scorings = await Promise.all(
    opened.map(async ({ entry, detector }) => ({
      detector,
      store: join(folder, `${entry.fileName}.draws.jsonl`),
      settings: { heads: (await trainedFacts(entry))?.sha256 ?? "none", weights: "float32" },
    })),
  );
  return withProgress({ verb: `measuring ${dataSet.name}` }, (onProgress) =>
    evaluateAll(scorings, {
      ...{ dataSet, signal, onProgress, shots, seeds, window },
      onWindow: (category, measured) => noteWindow(measured, category),
      onSkipped: (file) => warn(`skipped ${skippedText(file)}`),
      onNote: warn,
    }),
  );
}

async function factsOf(
  { entry, input, trained, detector }: Opened,
  evaluations: readonly Evaluation[],
  sets: readonly NamedSet[],
): Promise<MethodFacts> {
  const { backbone } = detector.encoder;
  const settings = Object.entries(await detector.settings()).map((pair) => pair.join(" "));
  // Features from a cache would leave the network out of the count.
  const alone = entry.method.create(new Encoder(backbone, input), entry.settings, trained);
  const done = evaluations.findIndex(({ complete }) => complete);
  const flop = done < 0 ? null : await imageFlop(evaluations[done], sets[done], alone);
  return {
    ...{ method: entry.label, title: entry.method.title, backbone: backbone.name },
    ...{ parameters: backbone.parameters, flop, settings: settings.join(", ") },
  };
}
