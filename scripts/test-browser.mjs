// Runs the tests of tensors in Chromium, on its software adapter or the machine's own, one page a file.
//
//   npm run test:browser                 ops, gradients and networks
//   npm run test:browser ops/matmul      those with this text in their path
//
// CHROMIUM_PATH names the browser; INCTRL_BROWSER_ADAPTER=hardware takes the machine's own adapter.
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { parseSummary } from "./testing/run-file.mjs";
import { ROOT } from "./workspace.mjs";

const TESTS = path.join(ROOT, "packages/tensor/test");
/** Folders whose tests need nothing but a device. */
const FOLDERS = ["ops", "autograd", "nn", "kernels", "optim"];
const LIMIT_MS = 600_000;
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const named = process.env.CHROMIUM_PATH;
const CHROMIUM = (named ? [named] : USUAL).find((file) => existsSync(file));
const ADAPTER =
  process.env.INCTRL_BROWSER_ADAPTER === "hardware"
    ? ["--enable-features=Vulkan"]
    : ["--use-webgpu-adapter=swiftshader"];
const FLAGS = [
  "--enable-unsafe-webgpu",
  "--disable-gpu-sandbox",
  "--no-first-run",
  "--disable-background-networking",
];

if (!CHROMIUM) {
  console.error("no Chromium found; install one, or name it in CHROMIUM_PATH");
  process.exit(1);
}

function discover(filters) {
  const all = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(TESTS, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  );
  return filters.length === 0 ? all : all.filter((name) => filters.some((filter) => name.includes(filter)));
}

/** The test and the library as one module, straight from their sources. */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [path.join(TESTS, file)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@inctrl/source"],
    external: ["node:*", "webgpu"],
    logLevel: "error",
  });
  return outputFiles[0].text;
}

async function runInPage(browser, url) {
  const page = await browser.newPage();
  const lines = [];
  const ended = new Promise((resolve) => {
    page.on("console", (message) => {
      lines.push(message.text());
      if (/Duration:/.test(message.text())) resolve();
    });
    page.on("pageerror", (error) => {
      lines.push(error.stack ?? error.message);
      resolve();
    });
    setTimeout(resolve, LIMIT_MS).unref();
  });
  await page.goto(url);
  await ended;
  await page.close();
  return lines.join("\n").replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g"), "");
}

const files = discover(process.argv.slice(2));
let script = "";
const server = createServer(({ url }, response) => {
  const [type, body] =
    url === "/test.js"
      ? ["text/javascript", script]
      : [
          "text/html",
          '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/test.js"></script>',
        ];
  response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  chromiumSandbox: false,
  args: [...FLAGS, ...ADAPTER],
});
const totals = { passed: 0, failed: 0 };
for (const file of files) {
  const started = performance.now();
  script = await bundle(file);
  const output = await runInPage(browser, `http://127.0.0.1:${server.address().port}/`);
  const { total = 0, passed = 0 } = parseSummary(output) ?? {};
  const failed = total - passed || (total === 0 ? 1 : 0);
  totals.passed += passed;
  totals.failed += failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${failed ? "FAIL" : "ok  "} ${file}  ${passed} of ${total} passed  ${seconds} s`);
  if (failed) console.log(output.trimEnd().replace(/^/gm, "     | "));
}
await browser.close();
server.close();
if (files.length === 0) console.error("no test file matches");
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
