// What the first verdict on the page takes, step by step, as seconds of processor of the browser's processes:
//
//   npm run -s research -- research/page/first-verdict.ts
//
// `gpu` runs the kernels of a software adapter, and compiles them; `compiling` is the part of it inside Dawn's pipelines.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { buildPage } from "../../packages/web/build.js";
import { visit } from "../../packages/web/test/browser.js";
import { give, idle, verdictOf } from "../../packages/web/test/journey.js";
import { drawParts } from "../../packages/web/test/parts.js";

interface Process {
  readonly type: string;
  readonly id: number;
  readonly cpuTime: number;
}

/** Seconds of processor so far, by kind of process. */
async function spent(browser: Browser): Promise<Map<string, number>> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = (await session.send("SystemInfo.getProcessInfo")) as { processInfo: Process[] };
  await session.detach();
  const sums = new Map<string, number>();
  for (const { type, cpuTime } of processInfo) sums.set(type, (sums.get(type) ?? 0) + cpuTime);
  return sums;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** Microseconds, of the clock and of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
}

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-first-verdict-"));
const PARTS = Number(process.argv[2] ?? 4);
try {
  await buildPage();
  const { good, bad } = await drawParts(folder, PARTS);
  await using chromium = await visit();
  const blank = await chromium.open({}, undefined, "about:blank");
  const browser = blank.context().browser() as Browser;
  await browser.startTracing(undefined, { categories: ["gpu.dawn", "disabled-by-default-gpu.dawn"] });
  const steps: [name: string, seconds: number, spent: Map<string, number>][] = [];
  let begun = performance.now();
  const step = async (name: string) => {
    steps.push([name, (performance.now() - begun) / 1000, await spent(browser)]);
    begun = performance.now();
  };
  await step("begin");
  const page = await chromium.open();
  await idle(page);
  await step("the page opens, and its model");
  await give(page, "Good parts", good);
  await step(`${PARTS} good parts`);
  await give(page, "Parts to check", bad);
  await step("the first verdict");
  await give(page, "Parts to check", bad);
  await step("a second one");
  const { verdict } = await verdictOf(page);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  for (const [i, [name, seconds, after]] of steps.entries()) {
    if (i === 0) continue;
    const [, , before] = steps[i - 1];
    const parts = [...after].map(([type, cpu]) => `${type} ${(cpu - (before.get(type) ?? 0)).toFixed(2)}`);
    console.log(`${name}: ${seconds.toFixed(1)} s by the clock; processor: ${parts.join(", ")}`);
  }
  const sums = new Map<string, { count: number; ms: number; cpu: number }>();
  for (const { name, ph, dur = 0, tdur = 0 } of traceEvents) {
    if (ph !== "X") continue;
    const sum = sums.get(name) ?? { count: 0, ms: 0, cpu: 0 };
    sums.set(name, { count: sum.count + 1, ms: sum.ms + dur / 1000, cpu: sum.cpu + tdur / 1000 });
  }
  const largest = [...sums].sort(([, a], [, b]) => b.ms - a.ms).slice(0, 14);
  for (const [name, { count, ms, cpu }] of largest)
    console.log(`  ${name}: ${count} times, ${ms.toFixed(0)} ms, ${cpu.toFixed(0)} of processor`);
  console.log(`verdict: ${verdict}`);
} finally {
  rmSync(folder, { recursive: true });
}
