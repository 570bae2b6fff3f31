import { requireNetwork } from "@inctrl/baselines";
import { count, oneLine, type Reading } from "@inctrl/datasets";
import {
  changePrompts,
  describeBank,
  type Edited,
  type EditedBank,
  fileImage,
  goodImagesOf,
  judgeOf,
  learnGood,
  learntAs,
  type PromptEdit,
  placeOf,
  promiseText,
  readCalibration,
  removeGoodImages,
  undoBank,
} from "@inctrl/detect";
import { distinctImages } from "../calibrate/images.js";
import type { AddOptions, EditOptions, RemoveOptions } from "../commands/bank-edit.js";
import { withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { type ModelOptions, verdictSettings, withModel } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { fixed } from "../ui/amounts.js";
import { warn } from "../ui/log.js";
import { imagesToAdd } from "./reviewed.js";

/** Adds images to a bank, as prompts or to those that its line stands on. Returns the exit code. */
export async function runAdd(options: AddOptions, signal: AbortSignal): Promise<number> {
  const { bank } = options;
  const { calibration: line } = await describeBank(bank);
  const as = options.as ?? learntAs(line);
  const names = await imagesToAdd(options, as);
  if (options.dryRun) return await listImages(options, names, as);
  const edited = await withBank(options, signal, as === "prompt", (open) =>
    learnGood(
      open,
      names.map((name) => fileImage(name, open.reading)),
      { ...open, as },
    ),
  );
  return await report(
    options,
    edited,
    `added ${count(names.length, as === "prompt" ? "prompt" : "calibration image")}`,
  );
}

/** Lists what would be added. */
async function listImages(
  { bank, json }: AddOptions,
  images: readonly string[],
  as: string,
): Promise<number> {
  const what = as === "prompt" ? "prompt" : "calibration image";
  const text = `would add ${count(images.length, what)} to ${oneLine(bank)}:\n${images.map((name) => `  ${oneLine(name)}\n`).join("")}`;
  await printResult(json, { file: bank, as, images }, text);
  return EXIT.ok;
}

/** Removes images from a bank, whichever they are. Returns the exit code. */
export async function runRemove(options: RemoveOptions, signal: AbortSignal): Promise<number> {
  const { bank, names } = options;
  const { info, calibration, history } = await describeBank(bank);
  const places = names.map((name) => placeOf(bank, { prompts: info.prompts, calibration }, name));
  const placesOf = (wanted: (typeof places)[number]["of"]) =>
    new Set(places.filter(({ of }) => of === wanted).map(({ at }) => at));
  const [remove, removeGood] = [placesOf("prompts"), placesOf("calibration")];
  const edited =
    remove.size > 0
      ? await withBank(options, signal, true, (open) => changePrompts(open, { ...open, remove, removeGood }))
      : await removeGoodImages({ path: bank, from: history.id, fitted: info, calibration }, removeGood);
  return await report(options, edited, `removed ${count(remove.size + removeGood.size, "image")}`);
}

/** Takes back the last change of a bank. Returns the exit code. */
export async function runUndo(path: string, json?: boolean): Promise<number> {
  const { version, what, images } = await undoBank(path);
  const document = { file: path, version: version - 1, taken_back: { version, what, images } };
  const text = `${path} is version ${version - 1} again; version ${version} (${what}) is taken back\n`;
  await printResult(json, document, text);
  return EXIT.ok;
}

/** A bank with its model, and what changing it takes. */
interface OpenBank extends EditedBank, Omit<PromptEdit, "add" | "remove" | "removeGood"> {
  readonly reading: Reading;
}

/** Runs a job on a bank with its model. @param whole whether files of the bank are needed, as for other prompts. */
async function withBank(
  options: EditOptions,
  signal: AbortSignal,
  whole: boolean,
  job: (bank: OpenBank) => Promise<Edited>,
): Promise<Edited> {
  const { bank: path, files = [], dropLine = false } = options;
  await requireNetwork(options.backbone);
  const { history } = await describeBank(path);
  const known = new Map<string, string>();
  if (whole && files.length > 0)
    for (const { name, sha256 } of await distinctImages(files)) known.set(sha256, name);
  const model: ModelOptions = { ...options, fit: undefined, window: undefined, orientation: undefined };
  return await withDevice(options.device, (device) =>
    withModel(device, null, model, signal, async (open) => {
      const settings = await verdictSettings(open, model);
      const calibration = dropLine ? null : await readCalibration(path, settings);
      const { reading, fitted, opening } = open;
      const className = opening.className ?? undefined;
      const find = (sha256: string) => {
        const name = known.get(sha256);
        return name === undefined ? undefined : fileImage(name, reading);
      };
      const bank = {
        path,
        from: history.id,
        fitted,
        calibration,
        settings,
        className,
        signal,
        find,
        reading,
      };
      return await job(bank).catch((error) => {
        stopIfAborted(signal);
        throw error;
      });
    }),
  );
}

async function report(
  { bank, json, dropLine }: Partial<EditOptions>,
  edited: Edited,
  did: string,
): Promise<number> {
  const { change, prompts, calibration } = edited;
  const judge = calibration && judgeOf(calibration);
  if (dropLine) warn(`${bank}: its line is dropped; inctrl calibrate sets another`);
  const { version, what, images } = change;
  const line = judge && { ...judge.line, patch_threshold: judge.patchLine };
  const good = goodImagesOf({ calibration }).length;
  const document = { file: bank, version, what, images, prompts: prompts.length, calibration: line };
  const text = [
    `${did}; ${oneLine(String(bank))} is now version ${version}, of ${count(prompts.length, "prompt")}${good > 0 ? ` and ${count(good, "calibration image")}` : ""}`,
    ...(judge
      ? [
          `line: ${fixed(judge.line.threshold)} (${judge.line.status})`,
          ...promiseText(judge.line, judge.tried),
        ]
      : ["no line"]),
  ];
  await printResult(json, document, `${text.join("\n")}\n`);
  return EXIT.ok;
}
