// Damages files at random and hands them to every parser of ours. JPEG, WebP, JPEG 2000, usual TIFFs, the directory of a zip archive and YAML
// are libraries': a share of the cases goes through those.
//
//   npm run fuzz:files -- --cases 20000 --seed 1
//   npm run fuzz:files -- --cases 1000000 --target pickle
//   npm run fuzz:files -- --target pickle --seed 1 --first 4711 --cases 1     one case again
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzz } from "./run.mjs";
import targets from "./targets.mjs";

/** Without a sign of life for so long, the parser at work hangs. */
const HANG_MS = 30_000;

const { values: options } = parseArgs({
  args: isMainThread ? process.argv.slice(2) : workerData,
  options: {
    cases: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    target: { type: "string", default: "" },
  },
});

async function run() {
  const { seed, target: wanted } = options;
  const [cases, first] = [Number(options.cases), Number(options.first)];
  for (const target of targets.filter(({ name }) => name.includes(wanted))) {
    const started = process.cpuUsage();
    let told = 0;
    const found = await fuzz(target, {
      ...{ cases: Math.ceil(cases * target.share), seed, first },
      onCase: (number) => {
        if (performance.now() - told < 200) return;
        told = performance.now();
        parentPort.postMessage({ at: `${target.name}, from case ${number}` });
      },
    });
    const { user, system } = process.cpuUsage(started);
    parentPort.postMessage({ found, seconds: (user + system) / 1e6 });
  }
}

function watch() {
  let at = "the start";
  let failed = 0;
  const worker = new Worker(new URL(import.meta.url), { argv: [], workerData: process.argv.slice(2) });
  const hang = () => {
    console.log(`no sign of life for ${HANG_MS / 1000} s: ${at}`);
    process.exit(1);
  };
  // Loading the parsers does not count.
  let timer;
  worker.on("message", (message) => {
    clearTimeout(timer);
    timer = setTimeout(hang, HANG_MS);
    at = message.at ?? at;
    if (message.found) failed += report(message.found, message.seconds);
  });
  worker.on("error", (error) => {
    console.log(`the worker ended at ${at}: ${error.stack}`);
    process.exit(1);
  });
  worker.on("exit", () => {
    clearTimeout(timer);
    console.log(`${failed} failed, seed ${options.seed}`);
    process.exitCode = failed > 0 ? 1 : 0;
  });
}

function report({ name, values, refused, failures }, seconds) {
  console.log(
    `${name}: ${values} read, ${refused} refused, ${failures.length} failed, ${seconds.toFixed(1)} s of the processor`,
  );
  for (const { number, problem, bytes } of failures.slice(0, 3)) {
    console.log(
      `  npm run fuzz:files -- --target "${name}" --seed ${options.seed} --first ${number} --cases 1`,
    );
    console.log(
      `  ${problem.split("\n").slice(0, 4).join("\n  ")}\n  ${Buffer.from(bytes).toString("base64").slice(0, 400)}`,
    );
  }
  return failures.length;
}

if (isMainThread) watch();
else await run();
