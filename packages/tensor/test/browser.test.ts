import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Caps, type KernelCheck, type KernelFamily, matmul, openDevice, tensor } from "../src/index.js";
import { random } from "./support.js";

// Node and browser behind one Device: the published build as plain modules in Chromium, on its software adapter.

const PACKAGE = new URL("../", import.meta.url);
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const named = process.env.CHROMIUM_PATH;
const CHROMIUM = (named ? [named] : USUAL).find((path) => existsSync(path));

const FLAGS = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-gpu-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".safetensors": "application/octet-stream",
};

/** What page.js offers. */
interface Smoke {
  kernels(family?: KernelFamily): Promise<{ caps: Caps; checks: KernelCheck[]; tensors: number }>;
  product(a: number[][], b: number[][]): Promise<number[][]>;
  fetchTensor(url: string, name: string): Promise<{ shape: number[]; values: number[] }>;
  mistake(): Promise<{ known: boolean; code: string; message: string }>;
  openPath(): Promise<string>;
}
declare const smoke: Smoke;

let server: Server;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

/** A file of one tensor, written by hand: [[0.5, -2, 3]]. */
function smallFile(): Buffer {
  const header = JSON.stringify({ t: { dtype: "F32", shape: [1, 3], data_offsets: [0, 12] } });
  const file = Buffer.alloc(8 + header.length + 12);
  file.writeBigUInt64LE(BigInt(header.length));
  file.write(header, 8);
  [0.5, -2, 3].forEach((value, i) => {
    file.writeFloatLE(value, 8 + header.length + 4 * i);
  });
  return file;
}

/** Serves the build and the page, and nothing else. */
function serve(): Promise<Server> {
  const made = createServer(async ({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    const file = path.startsWith("/dist/")
      ? path.slice(1)
      : `test/browser${path === "/" ? "/index.html" : path}`;
    try {
      const body = path === "/small.safetensors" ? smallFile() : await readFile(new URL(file, PACKAGE));
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => made.listen(0, "127.0.0.1", () => resolve(made)));
}

test.before(async () => {
  if (!CHROMIUM) return;
  const setup = fileURLToPath(new URL("../../scripts/setup.mjs", PACKAGE));
  execFileSync(process.execPath, [setup, "build"], { stdio: ["ignore", "ignore", "inherit"] });
  server = await serve();
  browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false, args: FLAGS });
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
  page.on("response", (answer) => answer.ok() || complaints.push(`${answer.url()}: ${answer.status()}`));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => "smoke" in globalThis);
});

test.after(async () => {
  await browser?.close();
  server?.close();
});

/** A test that needs the browser. */
const inBrowser = (name: string, run: () => Promise<void>) => CHROMIUM && test(name, run);

if (!CHROMIUM) {
  test("Chromium is absent", () =>
    console.log("skipped: no Chromium; install one, or name it in CHROMIUM_PATH"));
}

inBrowser("every kernel family is right", async () => {
  for (const family of ["subgroup", "register", "workgroup"] as const) {
    const { caps, checks, tensors } = await page.evaluate((wish) => smoke.kernels(wish), family);
    const expected = family === "subgroup" && caps.subgroupSize === 0 ? "register" : family;
    assert.is(caps.family, expected);
    assert.ok(caps.software && caps.maxBindingBytes >= 2 ** 27, JSON.stringify(caps));
    assert.ok(checks.length >= 4);
    for (const { name, maxError, tolerance } of checks)
      assert.ok(maxError <= tolerance, `${name} (${family}): ${maxError} above ${tolerance}`);
    assert.is(tensors, 0);
  }
});

inBrowser("a product is the one that Node computes", async () => {
  const rows = (seed: number, count: number, width: number) => {
    const values = random(seed, count * width);
    return Array.from({ length: count }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
  };
  const [a, b] = [rows(1, 5, 19), rows(2, 19, 3)];
  const got = await page.evaluate(([x, y]) => smoke.product(x, y), [a, b] as const);
  const device = await openDevice();
  const want = (await matmul(tensor(device, a), tensor(device, b)).toArray()) as number[][];
  device.close();
  assert.is(got.length, 5);
  got.flat().forEach((value, i) => {
    assert.ok(Math.abs(value - want.flat()[i]) <= 1e-5, `[${i}] ${value}, Node has ${want.flat()[i]}`);
  });
});

inBrowser("safetensors are read from a response", async () => {
  const got = await page.evaluate(() => smoke.fetchTensor("/small.safetensors", "t"));
  assert.equal(got, { shape: [1, 3], values: [0.5, -2, 3] });
});

inBrowser("mistakes are TensorErrors with a code", async () => {
  const { known, code, message } = await page.evaluate(() => smoke.mistake());
  assert.ok(known);
  assert.is(code, "shape");
  assert.match(message, /inner sizes/);
});

inBrowser("nothing failed on the way", async () => {
  assert.equal(complaints, []);
});

inBrowser("a path is refused with the way to do it instead", async () => {
  assert.match(await page.evaluate(() => smoke.openPath()), /paths need Node; .* parseSafetensors/);
});

test.run();
