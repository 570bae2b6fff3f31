import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Pretrainer, type PretrainReport } from "@inctrl/clip";
import { drawLossCurve, loadCheckpoint, MetricsLog, type RunIdentity, saveCheckpoint } from "@inctrl/inctrl";
import { type Device, writeFileAtomic } from "@inctrl/tensor";
import type { PretrainSettings } from "../commands/pretrain.js";
import { openData } from "../datasets/formats.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { print } from "../output/print.js";
import { duration } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { version } from "../version.js";
import { Artist } from "./artist.js";
import { Easel } from "./draw.js";
import { exportModel, MODEL_FILES } from "./export.js";
import { type Exam, judge } from "./judge.js";
import { type Plan, planModel } from "./model.js";
import { orderOf } from "./order.js";
import { openStart } from "./start.js";

/** Files of a run beside the model's own. */
const RUN_FILES = {
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
  curve: "loss.svg",
} as const;

interface StepRecord extends PretrainReport {
  readonly lr: number;
  /** Images a second. */
  readonly rate: number;
}

interface JudgeRecord {
  readonly step: number;
  readonly hold_out: Awaited<ReturnType<typeof judge>>;
}

type Log = MetricsLog<StepRecord, JudgeRecord>;

const CURVES = [
  { key: "loss", name: "loss", colour: "#222222" },
  { key: "match", name: "images and captions", colour: "#1f6fb4" },
  { key: "state", name: "state", colour: "#c8501e" },
  { key: "patch", name: "state of patches", colour: "#2b8a3e" },
  { key: "residual", name: "residual", colour: "#7048a8" },
  { key: "appearance", name: "appearance", colour: "#b08900" },
];

/** Images that retrieval is judged by, and products of classes never trained on, a few good ones to compare with. */
const EXAM = {
  batch: 64,
  products: "procedural:9001?split=held-out&camera=fixed&train=4&good=8&bad=8",
} as const;

/** Trains a small CLIP from nothing and writes it as a backbone. Returns the exit code. */
export async function runPretrain(settings: PretrainSettings, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  await mkdir(settings.out, { recursive: true });
  const plan = await planModel(settings, settings.seed);
  return withDevice(settings.device, async (device) => {
    info(`${plan.tokenizer.vocabSize} tokens; training on ${adapterName(device.caps)}`);
    const finished = await pretrain(device, plan, settings, signal);
    if (!finished) return EXIT.interrupted;
    await print(summary(settings));
    info(`done in ${duration((performance.now() - started) / 1000)}`);
    return EXIT.ok;
  });
}

async function pretrain(
  device: Device,
  plan: Plan,
  settings: PretrainSettings,
  signal: AbortSignal,
): Promise<boolean> {
  const {
    matchWeight,
    stateWeight,
    patchWeight,
    residualWeight,
    appearanceWeight,
    steps,
    minutes = Number.POSITIVE_INFINITY,
    saveEvery,
    validateEvery,
  } = settings;
  const weights = {
    ...{ match: matchWeight, state: stateWeight, patch: patchWeight },
    ...{ residual: residualWeight, appearance: appearanceWeight },
  };
  const start = settings.from === undefined ? undefined : await openStart(settings.from, plan);
  const options = { ...settings, weights };
  using trainer = await Pretrainer.create(device, plan.config, plan.tokenizer, options, start?.read).finally(
    () => start?.close(),
  );
  const identity = identityOf(plan, settings, start?.sha256);
  const checkpoint = join(settings.out, RUN_FILES.checkpoint);
  if (settings.resume) {
    if ((await loadCheckpoint(checkpoint, trainer, identity)) !== null)
      info(`going on after step ${trainer.steps}`);
    else info(`${settings.out}: no checkpoint yet, so this run starts at the beginning`);
  }
  const log: Log = await MetricsLog.open(join(settings.out, RUN_FILES.metrics), trainer.steps);
  const exam = await examOf(plan, settings);
  const size = plan.config.vision.imageSize;
  const { seed, group } = settings;
  using artist = new Artist((at) => ({ seed, split: "train", size, group, shown: orderOf(at, settings) }));
  const save = async () => {
    await drawCurve(log, settings);
    // Last: a run that is killed before this comes through all of the above again.
    await saveCheckpoint(checkpoint, trainer, identity);
  };
  const progress = startProgress(steps, { verb: "pretraining", unit: "step" });
  const until = performance.now() + minutes * 60_000;
  try {
    while (trainer.steps < steps && !signal.aborted && performance.now() < until) {
      const record = await step(trainer, artist, settings);
      await log.add(record);
      progress.update(record.step, steps, `loss ${record.loss.toFixed(3)}, ${record.rate} images/s`);
      if (record.step % validateEvery === 0 || record.step === steps) await examine(trainer, plan, exam, log);
      if (record.step % saveEvery === 0) await save();
    }
    await save();
  } finally {
    progress.stop();
  }
  const finished = trainer.steps === steps;
  await exportModel(settings.out, trainer.clip, plan, {
    ...identity,
    step: String(trainer.steps),
    inctrl: version(),
  });
  if (!finished)
    info(`stopped after step ${trainer.steps}; the same command with --resume goes on from there`);
  return finished || !signal.aborted;
}

async function step(
  trainer: Pretrainer,
  artist: Artist,
  { batch: count }: PretrainSettings,
): Promise<StepRecord> {
  const started = performance.now();
  const batch = await artist.batch(trainer.steps);
  const lr = trainer.rate;
  const report = await trainer.step(batch);
  const rate = (1000 * count) / (performance.now() - started);
  return { ...report, lr, rate: Number(rate.toPrecision(3)) };
}

async function examine(
  { clip, steps }: Pretrainer,
  { tokenizer }: Plan,
  exam: Exam,
  log: Log,
): Promise<void> {
  const found = await judge(clip, tokenizer, exam);
  await log.add({ step: steps, hold_out: found });
  const { retrieval, text, residual } = found;
  info(
    `step ${steps}: retrieval ${retrieval.toFixed(3)}; never trained on: AUROC ${text.toFixed(4)} by text, ` +
      `${residual.toFixed(4)} by the patch residual`,
  );
}

async function examOf({ config }: Plan, { seed, group }: PretrainSettings): Promise<Exam> {
  const size = config.vision.imageSize;
  const shown = Array.from({ length: EXAM.batch }, (_, index) => ({ index, turn: 0 }));
  const { categories } = await openData(`${EXAM.products}&size=${size}`);
  return {
    batch: new Easel().draw({ seed: seed + 1, split: "held-out", size, group, shown }),
    categories,
  };
}

async function drawCurve(log: Log, { out }: PretrainSettings): Promise<void> {
  const picture = drawLossCurve(log.steps, CURVES);
  await writeFileAtomic(join(out, RUN_FILES.curve), [new TextEncoder().encode(picture)]);
}

/** Settings that decide what comes out; not the end of the schedule: a run may be given more steps. */
const DECIDING: (keyof PretrainSettings)[] = [
  ...(["batch", "group", "pool", "lr", "warmUp", "weightDecay", "clip", "seed"] as const),
  ...(["matchWeight", "stateWeight", "patchWeight", "residualWeight", "appearanceWeight"] as const),
];

function identityOf({ json, merges }: Plan, settings: PretrainSettings, start?: string): RunIdentity {
  return {
    ...(start && { from: start }),
    model: JSON.stringify(json),
    merges: createHash("sha256").update(merges).digest("hex"),
    options: JSON.stringify(settings, DECIDING),
  };
}

function summary({ out }: PretrainSettings): string {
  const [weights, config, merges] = Object.values(MODEL_FILES).map((name) => join(out, name));
  return [
    `model: ${weights}, ${config}, ${merges}`,
    `losses: ${join(out, RUN_FILES.metrics)} and ${join(out, RUN_FILES.curve)}`,
    `to use it: inctrl score --backbone ${weights} --config ${config} --vocabulary ${merges} --prompts good/ --images to-check/`,
    "",
  ].join("\n");
}
