// A soak: a service of its own process is asked for verdicts at a bounded rate, while clients disconnect and send rubbish.
//
//   npm run test:soak -- --minutes 30
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { generator } from "@inctrl/testing";
import { halfRequest, metric, post } from "@inctrl/testing/http";
import { cli, ROOT, temporaryFolder } from "../support/cli.js";
import { type Line, makeLine } from "../support/service.js";

/** What a soak saw. */
export interface SoakReport {
  readonly seconds: number;
  /** Answers by kind of request. */
  readonly answers: Readonly<Record<string, number>>;
  /** What was answered wrongly or lost, in words. */
  readonly faults: readonly string[];
  /** The largest resident memory of the service in MB, in the middle and in the last third: collections of garbage make it a saw. */
  readonly memory: { readonly middle: number; readonly last: number };
  readonly exitCode: number | null;
}

export interface SoakOptions {
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  readonly onProgress?: (line: string) => void;
}

const KINDS = [
  "whole",
  "whole",
  "whole",
  "whole",
  "whole",
  "again",
  "form",
  "rubbish",
  "half",
  "leaves",
] as const;

/** Runs a soak. */
export async function soak({ seconds, rate, onProgress = () => {} }: SoakOptions): Promise<SoakReport> {
  const { folder, remove } = temporaryFolder();
  const line = await makeLine(folder);
  const expected = await expectedScores(line);
  const { child, address, exited } = await startServer(line);
  try {
    return await ask({ line, expected, child, address, exited, seconds, rate, onProgress });
  } finally {
    child.kill("SIGKILL");
    remove();
  }
}

async function expectedScores({ backbone, products, images }: Line): Promise<number[]> {
  const bank = path.join(products, "metal.bank.safetensors");
  const model = ["--backbone", backbone, "--bank", bank];
  const { stdout } = await cli(["score", ...model, "--images", ...images, "--format", "json"]);
  return JSON.parse(stdout).results.map(({ score }: { score: number }) => score);
}

interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  readonly exited: Promise<number | null>;
}

function startServer({ backbone, products }: Line): Promise<Started> {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  // Little is kept, so that memory is full of parts early.
  const args = ["serve", "--products", products, "--backbone", backbone, "--port", "0", "--keep", "2MB"];
  const child = spawn(process.execPath, [...process.execArgv, main, ...args, "--queue", "16"], {
    ...{ cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] },
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return new Promise((resolve, reject) => {
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (text) => {
      stderr = (stderr + text).slice(-4000);
      const address = /listening on (http:\S+),/.exec(stderr)?.[1];
      if (address) resolve({ child, address, exited });
    });
    exited.then((code) => reject(new Error(`the service ended with ${code}: ${stderr}`)));
  });
}

interface Soak extends Started, Required<SoakOptions> {
  readonly line: Line;
  readonly expected: readonly number[];
}

async function ask({
  line,
  expected,
  child,
  address,
  exited,
  seconds,
  rate,
  onProgress,
}: Soak): Promise<SoakReport> {
  const pictures = line.images.map((file) => readFileSync(file));
  const served = { address };
  const answers: Record<string, number> = {};
  const faults: string[] = [];
  const told = new Map<string, number>();
  const memory: { mb: number }[] = [];
  const choose = generator(1);
  const begin = performance.now();
  const passed = () => (performance.now() - begin) / 1000;
  const count = (what: string) => {
    answers[what] = (answers[what] ?? 0) + 1;
  };

  /** Asks until there is room, and holds the answer to what is known. */
  const check = async (part: string, picture: number, form = false): Promise<void> => {
    for (let tries = 0; tries < 100; tries++) {
      const { status, answer } = await post(
        served,
        `metal/score?part=${part}`,
        form ? formOf(pictures[picture]) : pictures[picture],
      );
      if (status === 503 && answer.verdict === "ERROR") {
        count("full");
        await sleep(50);
        continue;
      }
      if (status !== 200 || answer.score !== expected[picture] || answer.part !== part)
        faults.push(
          `part ${part}: ${status} ${answer.verdict} ${answer.score}, expected ${expected[picture]}`,
        );
      told.set(part, picture);
      if (told.size > 100) told.delete(told.keys().next().value as string);
      return;
    }
    faults.push(`part ${part}: no answer`);
  };

  const request = async (number: number): Promise<void> => {
    const kind = KINDS[Math.floor(choose() * KINDS.length)];
    const picture = Math.floor(choose() * pictures.length);
    count(kind);
    if (kind === "again") {
      const known = [...told][Math.floor(choose() * told.size)];
      if (known) await check(...known);
    } else if (kind === "rubbish") {
      const bytes = choose() < 0.5 ? pictures[picture].subarray(0, 200) : Buffer.alloc(3000, number);
      const { status, answer } = await post(served, `metal/score?part=rubbish-${number}`, bytes);
      if (answer.verdict !== "ERROR" || (status !== 422 && status !== 503))
        faults.push(`rubbish ${number}: ${status} ${answer.verdict}`);
    } else if (kind === "half") {
      const socket = halfRequest(served, `metal/score?part=half-${number}`);
      await sleep(20);
      socket.destroy();
    } else if (kind === "leaves") {
      const part = `leaves-${number}`;
      const init = {
        method: "POST",
        headers: { "content-type": "image/png" },
        signal: AbortSignal.timeout(5),
      };
      const url = `${address}/v1/products/metal/score?part=${part}`;
      await fetch(url, { ...init, body: pictures[picture] as BodyInit }).catch(() => {});
      await check(part, picture);
    } else await check(`part-${number}`, picture, kind === "form");
  };

  const running = new Set<Promise<void>>();
  let [number, nextLook] = [0, 0];
  while (passed() < seconds) {
    const work = request(number++).catch((error) => void faults.push(String(error?.cause ?? error)));
    running.add(work);
    work.finally(() => running.delete(work));
    if (running.size > 12) await Promise.race(running);
    if (passed() >= nextLook) {
      const mb = (await metric(served, "process_resident_memory_bytes")) / 1e6;
      memory.push({ mb });
      nextLook += Math.max(0.5, seconds / 200);
      onProgress(
        `${passed().toFixed(0)} s: ${number} requests, ${mb.toFixed(0)} MB, ${faults.length} faults`,
      );
    }
    await sleep(Math.max(0, (number / rate - passed()) * 1000));
  }
  await Promise.all(running);
  // What was told last is told again, with the same score.
  for (const [part, picture] of [...told].slice(-20)) await check(part, picture);
  child.kill("SIGTERM");
  const exitCode = await exited;
  const third = Math.floor(memory.length / 3);
  const peak = (looks: typeof memory) => Math.max(...looks.map(({ mb }) => mb));
  return {
    ...{ seconds: passed(), answers, faults, exitCode },
    memory: { middle: peak(memory.slice(third, -third)), last: peak(memory.slice(-third)) },
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function formOf(bytes: Uint8Array): FormData {
  const form = new FormData();
  form.append("file", new Blob([bytes as BlobPart]), "part.png");
  return form;
}

/** How much larger the last third's peak may be than the middle one's. */
const MAX_GROWTH = 1.05;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "30" }, rate: { type: "string", default: "10" } },
  });
  const report = await soak({
    ...{ seconds: 60 * Number(values.minutes), rate: Number(values.rate) },
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  console.log(JSON.stringify(report, null, 2));
  const { middle, last } = report.memory;
  const isFlat = last <= MAX_GROWTH * middle;
  if (!isFlat) console.error(`memory grows from ${middle.toFixed(0)} to ${last.toFixed(0)} MB`);
  process.exit(report.faults.length === 0 && report.exitCode === 0 && isFlat ? 0 : 1);
}
