import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Backbone,
  type Detector,
  drawMaps,
  Encoder,
  type EncoderOptions,
  type Evaluation,
  evaluateAll,
  imageFlop,
  type MethodFacts,
  type Shown,
  selectTaps,
  type Tap,
  TensorCache,
} from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { onDisk } from "@inctrl/tensor/files";
import { skippedText } from "../datasets/open.js";
import { describe } from "../errors.js";
import { featureFolder, keepingEncoder } from "../features.js";
import { encoderOptions, loadTrained, trainedFacts } from "../methods.js";
import { loadBackbone, noteWindow } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import type { NamedSet } from "./data.js";
import type { Entry } from "./entries.js";
import type { BenchmarkOptions } from "./options.js";
import { fileFor } from "./trained.js";

/** What was measured of an entry. */
export interface Measured {
  /** One a data set, in their order; fewer where it was stopped. */
  readonly evaluations: Evaluation[];
  /** Of each finished data set; null where the pictures could not be drawn. */
  readonly shown: (readonly Shown[] | null)[];
  /** Null until a data set is finished. */
  facts: MethodFacts | null;
}

/** What was measured of an entry that went through all data sets. */
export interface Finished extends Measured {
  readonly entry: Entry;
  readonly facts: MethodFacts;
}

/** An entry, what its encoder takes, and what is found of it. */
interface Asked {
  readonly entry: Entry;
  readonly input: EncoderOptions;
  readonly measured: Measured;
}

/** An entry with what was trained for a data set, and its detector. */
interface Opened extends Asked {
  readonly trained: Disposable | undefined;
  readonly detector: Detector;
}

export interface MeasureOptions
  extends Pick<
    BenchmarkOptions,
    "out" | "shots" | "seeds" | "fit" | "threads" | "window" | "cache" | "cacheLimit"
  > {
  /** How many test images a report shows. Default 24. */
  readonly pictures?: number;
  /** Keeps draws, and makes neither pictures nor facts of methods. */
  readonly drawsOnly?: boolean;
  /** Told whenever some of the work is done. */
  readonly onBeat?: () => void;
}

/** Measures entries on data sets, one backbone after another; null where it was stopped before all were measured. */
export async function measureEntries(
  device: Device,
  entries: readonly Entry[],
  sets: readonly NamedSet[],
  options: MeasureOptions & Parameters<typeof loadBackbone>[1],
  signal: AbortSignal,
): Promise<Finished[] | null> {
  const measured = new Map<Entry, Measured>();
  for (const name of new Set(entries.map(({ backbone }) => backbone))) {
    using backbone = await loadBackbone(device, { ...options, backbone: name }, warn);
    stopIfAborted(signal);
    const own = entries.filter((entry) => entry.backbone === name);
    const found = await measureBackbone(backbone, own, sets, options, signal);
    for (const [entry, each] of found) measured.set(entry, each);
    if (signal.aborted) break;
  }
  const found = entries.flatMap((entry) => finished(entry, measured.get(entry), sets) ?? []);
  if (found.length === entries.length) return found;
  info("stopped; the same command goes on from there");
  return null;
}

function finished(
  entry: Entry,
  measured: Measured | undefined,
  sets: readonly NamedSet[],
): Finished | undefined {
  const { evaluations = [], shown = [], facts = null } = measured ?? {};
  const whole = evaluations.length === sets.length && evaluations.every(({ complete }) => complete);
  return whole && facts ? { entry, evaluations, shown, facts } : undefined;
}

/** Whether some images could not be read, or a category could not be measured. */
export const hasProblems = (found: readonly Finished[], sets: readonly NamedSet[]): boolean =>
  sets.some(({ skipped }) => skipped.length > 0) ||
  found.some(({ evaluations }) =>
    evaluations.some(({ categories }) =>
      categories.some(({ problem, skipped }) => problem || skipped.length > 0),
    ),
  );

/** The file of an entry's draws of a data set. */
export const storePath = (out: string, dataSet: string, { fileName }: Entry): string =>
  join(out, dataSet.replace(/[^\w.-]+/g, "-"), `${fileName}.draws.jsonl`);

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
  const asked = entries.map(
    (entry): Asked => ({
      entry,
      input: encoderOptions(entry, backbone, { fit: options.fit, threads: options.threads }),
      measured: { evaluations: [], shown: [], facts: null },
    }),
  );
  const framing = ({ input: { fit, preprocess } }: Asked) => JSON.stringify([fit, preprocess]);
  for (const frame of new Set(asked.map(framing))) {
    const alike = asked.filter((each) => framing(each) === frame);
    const names = alike.map(({ entry }) => entry.label).join(", ");
    const input = inputOf(
      alike.map(({ input }) => input),
      backbone,
    );
    const root = keepingEncoder(backbone, input, cache, (text) => {
      // Without the option nobody asked for features to be kept.
      if (options.cache !== undefined) warn(`${names}: ${text}`);
    });
    for (const dataSet of sets) {
      info(`${names} with ${backbone.name} on ${dataSet.name}`);
      const { pictures = 24 } = options;
      const most = pictures && Math.max(1, Math.floor(pictures / sets.length));
      await measureSet(root, alike, dataSet, { ...options, most }, signal);
      if (signal.aborted) break;
    }
  }
  return new Map(asked.map(({ entry, measured }) => [entry, measured]));
}

/** What an encoder takes that gives the taps of all inputs, which prepare images alike. */
function inputOf(inputs: readonly EncoderOptions[], { defaultTaps }: Backbone): EncoderOptions {
  const [{ fit, preprocess, threads }] = inputs;
  const wanted = new Set(inputs.flatMap(({ taps = defaultTaps }) => taps));
  const rank = (tap: Tap) => (typeof tap === "number" ? tap : Number.POSITIVE_INFINITY);
  const taps = [...wanted].sort((a, b) => rank(a) - rank(b) || String(a).localeCompare(String(b)));
  return {
    ...{ fit, preprocess, threads, taps, raw: inputs.some(({ raw }) => raw) },
    features: inputs.some(({ features = true }) => features),
  };
}

/** Measures entries that share an encoder on a data set. */
async function measureSet(
  root: Encoder,
  asked: readonly Asked[],
  dataSet: NamedSet,
  options: MeasureOptions & { most: number },
  signal: AbortSignal,
): Promise<void> {
  const { device, defaultTaps } = root.backbone;
  const opened: Opened[] = [];
  try {
    for (const each of asked) {
      const { entry, input } = each;
      const trained = await loadTrained({ ...entry, file: fileFor(entry, dataSet.name) }, device);
      const own = selectTaps(root, { taps: input.taps ?? defaultTaps, raw: input.raw ?? false });
      opened.push({ ...each, trained, detector: entry.method.create(own, entry.settings, trained) });
    }
    const found = await evaluateSet(opened, dataSet, options, signal);
    for (const [i, evaluation] of found.entries()) {
      const { entry, detector, measured } = opened[i];
      measured.evaluations.push(evaluation);
      if (!evaluation.complete || options.drawsOnly) continue;
      const shown = await drawMaps(evaluation, dataSet, detector, options).catch(noPictures(entry));
      measured.shown.push(shown);
      measured.facts ??= await factsOf(opened[i], evaluation, dataSet);
    }
  } finally {
    for (const { trained } of opened) trained?.[Symbol.dispose]();
  }
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
  { out, shots, seeds, window, onBeat }: MeasureOptions,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const stores = opened.map(({ entry }) => storePath(out, dataSet.name, entry));
  await mkdir(onDisk(dirname(stores[0])), { recursive: true });
  const scorings = await Promise.all(
    opened.map(async ({ entry, detector }, i) => ({
      detector,
      store: stores[i],
      settings: {
        heads: (await trainedFacts({ ...entry, file: fileFor(entry, dataSet.name) }))?.sha256 ?? "none",
        weights: "float32",
      },
    })),
  );
  return withProgress({ verb: `measuring ${dataSet.name}` }, (onProgress) =>
    evaluateAll(scorings, {
      ...{ dataSet, signal, shots, seeds, window },
      onProgress(...done) {
        onProgress(...done);
        onBeat?.();
      },
      onWindow: (category, measured) => noteWindow(measured, category),
      onSkipped: (file) => warn(`skipped ${skippedText(file)}`),
      onNote: warn,
    }),
  );
}

async function factsOf(
  { entry, input, trained, detector }: Opened,
  evaluation: Evaluation,
  dataSet: NamedSet,
): Promise<MethodFacts> {
  const { backbone } = detector.encoder;
  const settings = Object.entries(await detector.settings()).map((pair) => pair.join(" "));
  // Features from a cache would leave the network out of the count.
  const alone = entry.method.create(new Encoder(backbone, input), entry.settings, trained);
  return {
    ...{ method: entry.label, title: entry.method.title, backbone: backbone.name },
    ...{ parameters: backbone.parameters, flop: await imageFlop(evaluation, dataSet, alone) },
    settings: settings.join(", "),
  };
}
