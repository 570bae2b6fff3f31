// Scripts in Chromium, on its software adapter; INCTRL_BROWSER_ADAPTER=hardware takes the machine's own.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { ENDED, PRINTED, servePage } from "./page.mjs";

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

/** @type {import("./engines.mjs").Engine} */
export async function inChromium(limitMs, job) {
  if (!CHROMIUM) throw new Error("no Chromium found; install one, or name it in CHROMIUM_PATH");
  const site = await servePage();
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: false,
    args: [...FLAGS, ...ADAPTER],
  });
  try {
    await job(async (script) => {
      site.show(script);
      const page = await browser.newPage();
      await page.goto(site.address);
      await page.waitForFunction(ENDED, undefined, { timeout: limitMs, polling: 100 }).catch(() => {});
      const printed = await page.evaluate(PRINTED);
      await page.close();
      return printed;
    });
  } finally {
    await browser.close();
    site.close();
  }
}
