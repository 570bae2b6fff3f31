import { computed, signal } from "@preact/signals";
import { heard, type Missing, startEngine, webgpuMissing } from "./client.js";
import {
  type BankState,
  type ModelName,
  NANO,
  type OpenModel,
  type Progress,
  type Refused,
  type Result,
  type ShownPrompt,
  type SquareFit,
} from "./engine/types.js";

/** A result in the list, with a number of its own. */
export interface Listed extends Result {
  readonly id: number;
  /** Absent for a frame of the camera. */
  readonly file?: File;
}

/** Results whose pictures are held; older ones are let go. */
const MOST_RESULTS = 40;

export const missing = signal<Missing | null>(null);
export const model = signal<OpenModel | null>(null);
export const modelName = signal<ModelName>(NANO);
export const kept = signal<readonly ModelName[]>([]);
export const fit = signal<SquareFit>("crop");
export const busy = signal<Progress | null>(null);
/** What is said last, for everyone and for screen readers. */
export const said = signal("");
export const problems = signal<readonly string[]>([]);
/** Files of the good parts, which a change of model or fit learns anew. */
export const goodFiles = signal<readonly File[]>([]);
export const bank = signal<BankState | null>(null);
export const prompts = signal<readonly ShownPrompt[]>([]);
export const results = signal<readonly Listed[]>([]);
export const chosen = signal<number | null>(null);
export const live = signal<Listed | null>(null);
export const shown = computed(
  () => live.value ?? results.value.find(({ id }) => id === chosen.value) ?? results.value[0] ?? null,
);

/** The engine starts with its first work: whoever watches the line needs none. */
let started: ReturnType<typeof startEngine> | undefined;
const engine = () => {
  started ??= startEngine();
  return started;
};
let counted = 0;
let begun = false;

/** Says what went wrong, to screen readers too. */
export function tellProblem(text: string): void {
  [problems.value, said.value] = [[text], text];
}

/** Runs work that the page shows as busy, and says what went wrong. */
async function run<T>(text: string, work: () => Promise<T>): Promise<T | undefined> {
  busy.value = { text };
  problems.value = [];
  try {
    return await work();
  } catch (error) {
    tellProblem((error as Error).message);
    return undefined;
  } finally {
    busy.value = null;
  }
}

const tell = () =>
  heard((progress) => {
    if (busy.value) busy.value = progress;
  });

/** Opens the first model, or finds out why none can be; once. */
export async function start(): Promise<void> {
  if (begun) return;
  begun = true;
  missing.value = await webgpuMissing();
  if (missing.value) return;
  kept.value = await engine()
    .keptModels()
    .catch(() => []);
  await openModel(NANO);
}

export async function openModel(name: ModelName): Promise<void> {
  const opened = await run(`Opening ${name}`, () => engine().open(name, tell()));
  if (!opened) return;
  [model.value, modelName.value] = [opened, name];
  said.value = `${opened.name} is ready on ${opened.adapter}.`;
  forgetBank();
  if (goodFiles.value.length > 0) await learn(goodFiles.value);
}

/** Keeps weights by their files, or from an address, and opens them. */
export async function addModel(source: readonly File[] | string): Promise<void> {
  const name = await run("Keeping the weights", async () => {
    const made = await (typeof source === "string"
      ? engine().fetchModel(source, tell())
      : engine().keepModel([...source]));
    kept.value = await engine().keptModels();
    return made;
  });
  if (name !== undefined) await openModel(name);
}

export async function forgetModel(name: ModelName): Promise<void> {
  await run(`Removing ${name}`, async () => {
    await engine().forgetModel(name);
    kept.value = await engine().keptModels();
  });
  if (modelName.value === name) await openModel(NANO);
}

export async function chooseFit(value: SquareFit): Promise<void> {
  fit.value = value;
  if (goodFiles.value.length > 0) await learn(goodFiles.value);
}

/** Adds good parts and learns from all of them. */
export const addGood = (files: readonly File[]): Promise<void> => learn([...goodFiles.value, ...files]);

export const removeGood = (name: string): Promise<void> =>
  learn(goodFiles.value.filter((file) => file.name !== name));

async function learn(files: readonly File[]): Promise<void> {
  if (files.length === 0) {
    goodFiles.value = [];
    forgetBank();
    return;
  }
  const state = await run("Learning good parts", () => engine().fit([...files], fit.value, tell()));
  if (!state) return;
  const refused = new Set(state.refused.map(({ name }) => name));
  goodFiles.value = files.filter(({ name }) => !refused.has(name));
  const again = checkedFiles().filter((file) => !files.includes(file));
  takeBank(state, state.prompts);
  await check(again);
  report(state.refused);
  said.value = `Learnt ${plural(state.prompts.length, "good part")}. ${state.line?.sentences[0] ?? ""}`;
}

function takeBank(state: BankState, photos: readonly ShownPrompt[]): void {
  for (const { photo } of prompts.value) photo?.close();
  [bank.value, prompts.value] = [state, photos];
  clearResults();
  report(state.refused);
}

function forgetBank(): void {
  for (const { photo } of prompts.value) photo?.close();
  [bank.value, prompts.value] = [null, []];
  clearResults();
}

const report = (refused: readonly Refused[]): void => {
  problems.value = refused.map(({ why }) => why);
};

/** Scores files one after another. */
export async function check(files: readonly File[]): Promise<void> {
  const failed: string[] = [];
  if (files.length === 0) return;
  await run("Checking", async () => {
    for (const [done, file] of files.entries()) {
      busy.value = { text: `Checking ${file.name}`, done, total: files.length };
      try {
        show({ ...(await engine().score(file, file.name)), id: ++counted, file });
      } catch (error) {
        failed.push((error as Error).message);
      }
    }
  });
  if (failed.length > 0) problems.value = failed;
}

function show(result: Listed): void {
  const all = [result, ...results.value];
  for (const old of all.splice(MOST_RESULTS)) free(old);
  [results.value, chosen.value] = [all, result.id];
  said.value = sentenceOf(result);
}

/** What is said of a result in one line. */
export const sentenceOf = ({ name, verdict, score }: Result): string => {
  const words = { OK: "good", REVIEW: "to be looked at", NG: "not good", ERROR: "could not be told" };
  return verdict ? `${name}: ${words[verdict]}.` : `${name}: score ${score.toFixed(3)}.`;
};

/** Scores a frame of the camera, in place of the one before. */
export async function checkFrame(frame: ImageBitmap): Promise<void> {
  const result = await engine().score(frame, "camera");
  if (live.value) free(live.value);
  const before = live.value?.verdict;
  live.value = { ...result, id: ++counted };
  if (result.verdict !== before) said.value = sentenceOf(result);
}

export function endLive(): void {
  if (live.value) free(live.value);
  live.value = null;
}

const free = ({ photo, heat }: Result): void => {
  photo.close();
  heat.close();
};

function clearResults(): void {
  for (const old of results.value) free(old);
  [results.value, chosen.value] = [[], null];
  endLive();
}

/** Sets the line by good parts that are no prompts. */
export async function calibrate(files: readonly File[], alpha: number): Promise<void> {
  const state = await run("Scoring good parts", () => engine().calibrate([...files], alpha, tell()));
  if (state) await takeLine(state);
}

export async function allow(alpha: number): Promise<void> {
  const state = await run("Moving the line", () => engine().allow(alpha));
  if (state) await takeLine(state);
}

/** Files of the parts that were checked, in their order. */
const checkedFiles = (): File[] => results.value.flatMap(({ file }) => file ?? []).reverse();

/**
 * Learns a part that was flagged and is good: as one more good part, or, where the line stands on others or the good parts are in a bank
 * alone, as one that the line counts.
 */
export async function learnFrom(file: File): Promise<void> {
  const line = bank.value?.line;
  const counts = goodFiles.value.length === 0 || (line && line.status !== "hint");
  if (counts) await calibrate([file], line?.alpha ?? 0.01);
  else await addGood([file]);
}

/** By a new line the parts that were checked are told anew. */
async function takeLine(state: BankState): Promise<void> {
  const again = checkedFiles();
  bank.value = state;
  clearResults();
  await check(again);
  report(state.refused);
  said.value = state.line?.sentences[0] ?? "";
}

export async function saveBank(): Promise<void> {
  const bytes = await run("Saving the bank", () => engine().save());
  if (!bytes) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = "part.bank.safetensors";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  said.value = "The bank is saved; inctrl score --bank reads it.";
}

export async function openBank(file: File): Promise<void> {
  const state = await run(`Opening ${file.name}`, () => engine().load(file));
  if (!state) return;
  goodFiles.value = [];
  fit.value = state.fit;
  takeBank(state, state.prompts);
  said.value = `${file.name}: ${plural(state.prompts.length, "good part")}. ${state.line?.sentences[0] ?? ""}`;
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
