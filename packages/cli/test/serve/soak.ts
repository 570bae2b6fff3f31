// A soak: a service of its own process is asked for verdicts at a bounded rate, while clients disconnect and send rubbish.
//
//   npm run test:soak -- --minutes 30
//
// With --leak BYTES the service keeps so many bytes of each request: the soak must then fail.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { generator } from "@inctrl/testing";
import { halfRequest, metrics, post } from "@inctrl/testing/http";
import { cli, ROOT, temporaryFolder } from "../support/cli.js";
import { type Line, makeLine } from "../support/service.js";
import { MAX_RISE, type MemoryLook, type MemoryTrend, trendOf } from "./memory.js";

/** What a soak saw. */
export interface SoakReport {
  readonly seconds: number;
  /** Answers by kind of request. */
  readonly answers: Readonly<Record<string, number>>;
  /** What was answered wrongly or lost, in words. */
  readonly faults: readonly string[];
  readonly memory: MemoryTrend;
  readonly exitCode: number | null;
}

export interface SoakOptions {
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** Bytes of each request that the service is made to keep. */
  readonly leak?: number;
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
export async function soak({
  seconds,
  rate,
  leak = 0,
  onProgress = () => {},
}: SoakOptions): Promise<SoakReport> {
  const { folder, remove } = temporaryFolder();
  const line = await makeLine(folder);
  const expected = await expectedScores(line);
  const { child, address, exited } = await startServer(line, leak);
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

/** What a process imports in order to keep bytes of each request that it gets. */
const leaking = (bytes: number) => {
  const code = `import { subscribe } from "node:diagnostics_channel";
const kept = [];
subscribe("http.server.request.start", () => kept.push(Buffer.alloc(${bytes}, 1)));`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
};

function startServer({ backbone, products }: Line, leak: number): Promise<Started> {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  // Little is kept, so that memory is full of parts early.
  const args = ["serve", "--products", products, "--backbone", backbone, "--port", "0", "--keep", "2MB"];
  const node = [...process.execArgv, ...(leak > 0 ? leaking(leak) : [])];
  const child = spawn(process.execPath, [...node, main, ...args, "--queue", "16"], {
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

interface Soak extends Started, Required<Omit<SoakOptions, "leak">> {
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
  const looks: MemoryLook[] = [];
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
        const { code } = answer.error;
        count(code);
        // An overloaded machine is given time; a place in the queue is free soon.
        await sleep(code === "full" ? 50 : 1000);
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
      const [rss, heap, external] = (await metrics(served, MEMORY)).map((bytes) => bytes / 1e6);
      // An overloaded machine is answered 503.
      if (rss > 0) looks.push({ seconds: passed(), rss, heap, external });
      nextLook += Math.max(0.5, seconds / 200);
      const parts = `heap ${heap.toFixed(0)}, external ${external.toFixed(0)}`;
      const last = faults.length === 0 ? "" : `, the last: ${faults.at(-1)}`;
      onProgress(
        `${passed().toFixed(0)} s: ${number} requests, ${rss.toFixed(0)} MB (${parts}), ${faults.length} faults${last}`,
      );
    }
    await sleep(Math.max(0, (number / rate - passed()) * 1000));
  }
  await Promise.all(running);
  // What was told last is told again, with the same score.
  for (const [part, picture] of [...told].slice(-20)) await check(part, picture);
  child.kill("SIGTERM");
  const exitCode = await exited;
  return { ...{ seconds: passed(), answers, faults, exitCode }, memory: trendOf(looks) };
}

/** Names of metrics in the order of a look. */
const MEMORY = [
  "process_resident_memory_bytes",
  "nodejs_heap_size_used_bytes",
  "nodejs_external_memory_bytes",
];

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function formOf(bytes: Uint8Array): FormData {
  const form = new FormData();
  form.append("file", new Blob([bytes as BlobPart]), "part.png");
  return form;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({
    options: {
      ...{ minutes: { type: "string", default: "30" }, rate: { type: "string", default: "10" } },
      leak: { type: "string", default: "0" },
    },
  });
  const report = await soak({
    ...{ seconds: 60 * Number(values.minutes), rate: Number(values.rate), leak: Number(values.leak) },
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  console.log(JSON.stringify(report, null, 2));
  const { rise, perHour } = report.memory;
  const isFlat = rise <= MAX_RISE;
  if (!isFlat)
    console.error(
      `memory grows by ${rise.toFixed(0)} MB, ${perHour.toFixed(0)} MB an hour; ${MAX_RISE} MB are allowed`,
    );
  process.exit(report.faults.length === 0 && report.exitCode === 0 && isFlat ? 0 : 1);
}
