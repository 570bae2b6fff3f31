// Two workers of the queue on two cores against one process on one core, and on two, in alternation: what the queue and the files cost.
// With --docs the table goes into docs/cluster.md.
//
//   npm run -s research -- research/cluster/efficiency.ts [--rounds 3] [--images 480] [--backbone nano] [--docs]
//
// The machine must be quiet: `taskset` gives each phase its cores. The first chunks of a process, in which it starts and compiles
// kernels, are left out, and so is the last: a rate is that of the chunks between, by the times at which their files appeared.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeImage } from "@inctrl/testing";
import { RedisServer } from "@inctrl/testing/redis";
import { markdown } from "../report.js";
import { conditions, loadNow, report } from "./conditions.js";

const { values } = parseArgs({
  options: {
    ...{ rounds: { type: "string", default: "3" }, images: { type: "string", default: "480" } },
    ...{ backbone: { type: "string", default: "nano" }, docs: { type: "boolean", default: false } },
  },
});
const [ROUNDS, IMAGES] = [Number(values.rounds), Number(values.images)];
const CHUNK = 24;
/** Chunks of each process that are left out. */
const WARM = 2;
const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "inctrl-efficiency-"));
try {
  await measure();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const load = loadNow();
  const bank = join(folder, "part.bank.safetensors");
  const images = join(folder, "images");
  await draw(images, IMAGES);
  await draw(join(folder, "good"), 4);
  const model = ["--backbone", values.backbone];
  await ended(inctrl("0,1", ["score", ...model, "--prompts", join(folder, "good"), "--save-bank", bank]));
  await using server = await RedisServer.start(folder);
  const given = [...model, "--bank", bank, "--images", images, "--chunk", String(CHUNK)];
  const found: Record<string, number[]> = { "one core": [], "two cores": [], "two workers": [] };
  for (let round = 0; round < ROUNDS; round++) {
    const order = ["one core", "two cores", "two workers"];
    for (const phase of round % 2 === 0 ? order : order.reverse()) {
      const run = `${phase.replace(" ", "-")}-${round}`;
      const runs = ["--runs", join(folder, "runs")];
      const processes =
        phase === "two workers"
          ? await workers([...given, "--run", run, ...runs], runs, server.address)
          : [
              inctrl(phase === "one core" ? "0" : "0,1", [
                "score",
                ...given,
                "--run",
                run,
                ...runs,
                "--shard",
                "1/1",
              ]),
            ];
      const rate = await rateOf(join(folder, "runs", run, "results"), processes.length * WARM);
      for (const child of processes) child.kill("SIGTERM");
      await Promise.all(processes.map((child) => (child.exitCode === null ? once(child, "exit") : null)));
      found[phase].push(rate);
      console.error(`round ${round + 1}, ${phase}: ${rate.toFixed(2)} images a second; load ${loadNow()}`);
    }
  }
  const [one, two, both] = Object.values(found).map(median);
  const share = (of: number) => `${((100 * both) / of).toFixed(1)}%`;
  const row = (name: string, rate: number, ...shares: string[]) => [name, rate.toFixed(2), ...shares];
  const table = markdown(
    [`with ${basename(values.backbone)}`, "images a second", "two workers are", "rounds"],
    [
      row("one process on one core", one, `${share(2 * one)} of twice this`, rounds(found["one core"])),
      row("one process on two cores", two, `${share(two)} of this`, rounds(found["two cores"])),
      row("two workers, each on a core", both, "", rounds(found["two workers"])),
    ],
  );
  const about = `Medians of ${ROUNDS} rounds of ${IMAGES} drawn images in chunks of ${CHUNK}, without the first and last chunks. ${conditions(load)}`;
  await report("efficiency", `${table}\n${about}`, values.docs);
}

function rounds(rates: readonly number[]): string {
  return rates.map((rate) => rate.toFixed(2)).join(", ");
}

/** Two workers, each on a core of its own, and a run for them. */
async function workers(
  submit: readonly string[],
  runs: readonly string[],
  redis: string,
): Promise<ChildProcess[]> {
  await ended(inctrl("0,1", ["cluster", "submit", ...submit, "--redis", redis]));
  return ["0", "1"].map((core) => inctrl(core, ["cluster", "worker", ...runs, "--redis", redis]));
}

/** The command on some of the cores. Its software adapter takes a thread for each. */
function inctrl(cores: string, args: readonly string[]): ChildProcess {
  const threads = String(cores.split(",").length);
  return spawn("taskset", ["-c", cores, process.execPath, ...process.execArgv, MAIN, ...args], {
    env: { ...process.env, LP_NUM_THREADS: threads },
    stdio: ["ignore", "ignore", process.env.DEBUG ? "inherit" : "ignore"],
  });
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`inctrl ended with ${code}; DEBUG=1 shows why`);
}

/** Images a second from the end of the first chunks to the end of the last but one. */
async function rateOf(results: string, warm: number): Promise<number> {
  const chunks = Math.ceil(IMAGES / CHUNK);
  const names = async () =>
    (await readdir(results).catch(() => [])).filter((name) => /^c\d+\.jsonl$/.test(name));
  while ((await names()).length < chunks) await setTimeout(200);
  const files = (await names()).map((name) => stat(join(results, name)));
  const times = (await Promise.all(files)).map(({ mtimeMs }) => mtimeMs).sort((a, b) => a - b);
  // Until the last chunk but one, both workers were busy.
  const last = chunks - 2;
  return (1000 * CHUNK * (last + 1 - warm)) / (times[last] - times[warm - 1]);
}

async function draw(to: string, count: number): Promise<void> {
  await mkdir(to, { recursive: true });
  for (let i = 0; i < count; i++) writeImage(to, `${String(i).padStart(4, "0")}.png`, i + 1, 256);
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
