// Kills runs of the command at many moments, and holds what the same command then makes of it against an undisturbed run.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT, TYPESCRIPT } from "../workspace.mjs";

const DATA = "procedural:5?size=64&train=4&good=2&bad=3";
const SMALL = ["--data", DATA, "--category", "metal,wood,leather", "--shots", "2"];

/** What is killed: the command's arguments, by the folder that it writes to. The pictures of `score` and the model lie beside it. */
const RUNS = {
  bank: (out, { images, model }) => [
    ...["score", "--backbone", model, "--prompts", `${images}/train/good`],
    ...["--save-bank", `${out}/a.bank.safetensors`],
  ],
  score: (out, { images, model }) => [
    ...["score", "--backbone", model, "--prompts", `${images}/train/good`],
    ...["--images", `${images}/test/scratch`],
    ...["--format", "json", "--out", `${out}/scores.json`, "--heatmaps", `${out}/maps`],
  ],
  train: (out, { model }) => [
    ...["train", "--backbone", model, ...SMALL, "--hold-out", "wood", "--batch", "6", "--epochs", "2"],
    ...["--steps", "4", "--cache", `${out}/features`, "--out", out, "--resume"],
  ],
  eval: (out, { model }) => [
    ...["eval", "--backbone", model, ...SMALL, "--seeds", "3", "--cache", `${out}/features`, "--out", out],
  ],
};

/** Names of what belongs to a run at work, and to none that has ended. */
const UNFINISHED = /^\.|\.(tmp|part|lock|partial)$/;

/** What a run measures of its machine: the file must be whole, but another run may measure something else. */
const MEASURED = /^cache\/tuning\/.*\.json$/;

/**
 * Kills runs and runs each again.
 *
 * @param points how many are killed: of each kind of run in turn, at times and at writes spread over the run.
 * @param note takes a line of progress.
 * @returns a line for each point that ended with other files than an undisturbed run, or left any behind.
 */
export async function killRuns(points, note = () => {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-kill-"));
  const problems = [];
  try {
    const given = await prepare(folder);
    const kinds = Object.keys(RUNS).slice(0, points);
    const whole = {};
    for (const kind of kinds) whole[kind] = await reference(kind, folder, given);
    for (let point = 0; point < points; point++) {
      const kind = kinds[point % kinds.length];
      const turns = Math.ceil(points / kinds.length);
      const share = (Math.floor(point / kinds.length) + 0.5) / turns;
      const out = path.join(folder, `${kind}-${point}`);
      const { event, after, killed } = await start(kind, out, given, momentOf(whole[kind], share, point));
      const problem = await continued(kind, out, given, whole[kind].files);
      const where = `${kind}, ${killed ? `killed ${event ? `at write ${event}` : `after ${Math.round(after)} ms`}` : "ended first"}`;
      note(`point ${point + 1} of ${points}: ${where}: ${problem ?? "the same files"}`);
      if (problem) problems.push(`${where}: ${problem}`);
      rmSync(out, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}

/** Every other point is at a change in the folder, the others at a time: between writes much is in memory alone. */
function momentOf({ events, ms }, share, point) {
  const byWrite = Math.floor(point / Object.keys(RUNS).length) % 2 === 0;
  return byWrite ? { event: Math.max(1, Math.round(share * events)) } : { after: share * ms };
}

/** Draws pictures and writes a small model, which is quick to run. */
async function prepare(folder) {
  const { writeProceduralSet } = await import("@inctrl/synth");
  const { writeModel } = await import("../../packages/cli/test/support/model.ts");
  await writeProceduralSet(folder, { classes: ["nut"], size: 64, train: 3, testGood: 0, testBad: 6 });
  const model = path.join(folder, "model.safetensors");
  await writeModel(model);
  return { images: path.join(folder, "nut"), model };
}

/** An undisturbed run: its files, how long it takes, and how many changes it makes in its folder. */
async function reference(kind, folder, given) {
  const out = path.join(folder, `${kind}-whole`);
  const begun = performance.now();
  const { code, events, stderr } = await start(kind, out, given, {});
  if (code !== 0) throw new Error(`${kind} fails by itself: ${stderr}`);
  const left = namesOf(out).filter((name) => UNFINISHED.test(path.basename(name)));
  if (left.length > 0) throw new Error(`${kind} leaves ${left.join(", ")}`);
  return { events, ms: performance.now() - begun, files: filesOf(out) };
}

/** Runs the command, and kills it after some milliseconds or at a change in its folder. */
async function start(kind, out, given, { event, after }) {
  mkdirSync(out, { recursive: true });
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, [...TYPESCRIPT, main, ...RUNS[kind](out, given)], {
    env: { ...process.env, INCTRL_CACHE: path.join(out, "cache") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  let events = 0;
  const watcher = watch(out, { recursive: true }, () => {
    if (++events === event) child.kill("SIGKILL");
  });
  // A folder that goes while it is watched is no matter.
  watcher.on("error", () => {});
  const timer = after === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), after);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  watcher.close();
  return { code, events, stderr, event, after, killed: signal === "SIGKILL" };
}

/** Runs the command again, and says how its files differ from those of an undisturbed run; undefined where they do not. */
async function continued(kind, out, given, whole) {
  const { code, stderr } = await start(kind, out, given, {});
  if (code !== 0) return `the next run ends with ${code}: ${stderr.trim().split("\n").at(-1)}`;
  const files = filesOf(out);
  for (const name of new Set([...Object.keys(whole), ...Object.keys(files)])) {
    if (!(name in files)) return `${name} is missing`;
    if (!(name in whole)) return `${name} is left behind`;
    if (files[name] !== whole[name]) return `${name} differs`;
  }
  return undefined;
}

const namesOf = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile());

/** The sum of each file's content, without times; reports are pictures of results that are compared already. */
function filesOf(folder) {
  const sums = namesOf(folder).map((name) => {
    const bytes = readFileSync(path.join(folder, name));
    const content = /\.jsonl?$/.test(name) ? timeless(bytes.toString(), folder) : bytes;
    const free = MEASURED.test(name) ? isJson(bytes) : /\.(html|md|csv)$/.test(name);
    const told = free ? "" : createHash("sha256").update(content).digest("hex");
    return [name, told];
  });
  return Object.fromEntries(sums);
}

function isJson(bytes) {
  try {
    JSON.parse(bytes);
    return true;
  } catch {
    return false;
  }
}

const timeless = (text, folder) =>
  text.replaceAll(folder, "").replace(/"(?:date|rate|seconds\w*|sum|crc32)":\s*("[^"]*"|[-+.\de]+)/g, "");
