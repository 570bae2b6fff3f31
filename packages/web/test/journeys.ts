import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { buildPage } from "../build.js";
import { bankTests } from "./bank.js";
import { CHROMIUM, visit } from "./browser.js";
import { cameraTests } from "./camera.js";
import { firefoxVisit } from "./firefox.js";
import { give, idle, problemsOf, verdictOf } from "./journey.js";
import { lineTests } from "./line.js";
import { drawParts } from "./parts.js";

// Journeys of visitors through the page, in a real browser:
//
//   npm run test:page                 in Chromium
//   npm run test:page -- --firefox    a visit in Firefox

if (process.argv.includes("--firefox")) process.exit(await firefoxVisit());
if (!CHROMIUM) {
  console.error("no Chromium found; install one, or name it in CHROMIUM_PATH");
  process.exit(1);
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;
const test = folderTests("journeys");
await buildPage();
const chromium = await visit();

test("a false alarm is learnt from, and the part is told anew", async ({ dir }) => {
  const { good, bad } = await drawParts(dir, 2);
  const page = await chromium.open();
  await idle(page);
  await give(page, "Good parts", good);
  await give(page, "Parts to check", bad);
  assert.is((await verdictOf(page)).verdict, "NG");
  await page.getByRole("button", { name: "It is good: learn from it" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".thumbs li").length === 3);
  await idle(page);
  await give(page, "Parts to check", bad);
  const { score, verdict } = await verdictOf(page);
  assert.ok(score < 1e-5, `a prompt is like itself, and scores ${score}`);
  assert.is(verdict, "OK");
});

test("files that are no images, and a damaged bank, are refused by name", async ({ dir }) => {
  const { good } = await drawParts(dir, 1);
  const [text, damaged] = [join(dir, "notes.png"), join(dir, "damaged.safetensors")];
  await writeFile(text, "no picture");
  await writeFile(damaged, new Uint8Array(300).fill(7));
  const page = await chromium.open();
  await idle(page);
  await give(page, "Good parts", [text, good[0]]);
  assert.match((await problemsOf(page)).join(), /notes\.png: this is a text file, not an image/);
  assert.is(await page.locator(".thumbs li").count(), 1, "the good one is learnt");
  await give(page, "Open a bank", damaged);
  assert.match((await problemsOf(page)).join(), /damaged\.safetensors: .*no safetensors file or damaged/);
  await give(page, "Parts to check", text);
  assert.match((await problemsOf(page)).join(), /notes\.png/);
});

test("an address without weights is told, and the model before stays", async () => {
  const page = await chromium.open();
  await idle(page);
  await page.getByText("Model and images").click();
  await page.getByPlaceholder("https://").fill("https://127.0.0.1:1/weights.bin");
  await page.getByPlaceholder("https://").press("Enter");
  const told = "names no .safetensors file; give the address of the file itself";
  await page.locator(".problems li", { hasText: told }).waitFor();
  assert.match((await page.locator(".device").textContent()) ?? "", /^nano on /);
  await page.close();
});

test("weights by file stay in the browser until they are removed", async ({ dir }) => {
  const nano = (name: string) => fileURLToPath(new URL(`../../clip/models/nano/${name}`, import.meta.url));
  const weights = join(dir, "own.safetensors");
  await copyFile(nano("model.safetensors"), weights);
  const page = await chromium.open();
  await idle(page);
  await page.getByText("Model and images").click();
  await give(page, "Add weights (.safetensors)", [weights, nano("config.json")]);
  assert.match((await page.locator(".device").textContent()) ?? "", /^own\.safetensors on /);
  await page.reload();
  await idle(page);
  await page.getByText("Model and images").click();
  await page.getByRole("radio", { name: "own.safetensors" }).click();
  await page.waitForTimeout(50);
  await idle(page);
  assert.match((await page.locator(".device").textContent()) ?? "", /^own\.safetensors on /);
  await page.getByRole("button", { name: "Remove own.safetensors from this browser" }).click();
  await page.waitForTimeout(50);
  await idle(page);
  assert.is(await page.getByRole("radio").count(), 1);
  assert.match((await page.locator(".device").textContent()) ?? "", /^nano on /);
});

test("without WebGPU the page says why and what to do", async () => {
  const page = await chromium.open({}, async (page) => {
    await page.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }),
    );
  });
  const said = (await page.getByRole("alert").textContent()) ?? "";
  assert.match(said, /needs WebGPU.*This browser has no WebGPU.*Use a current Chrome/s);
  const without = await chromium.open({}, async (page) => {
    await page.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "gpu", {
        get: () => ({ requestAdapter: async () => null }),
      }),
    );
  });
  assert.match((await without.getByRole("alert").textContent()) ?? "", /no graphics adapter.*driver/s);
});

test("the keyboard reaches everything, and everything has a name", async ({ dir }) => {
  const { good, bad } = await drawParts(dir, 2);
  const page = await chromium.open();
  // Asked for early: a busy browser takes a moment before it hands its dialogue over.
  const choosing = page.waitForEvent("filechooser", { timeout: 120_000 });
  choosing.catch(() => {});
  await idle(page);
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  assert.is(await focused(), "Skip to checking parts");
  // The page may show that it is ready a moment before its buttons can be reached.
  await page.locator(".drop button:enabled").first().waitFor();
  await page.keyboard.press("Tab");
  assert.match((await focused()) ?? "", /^Drop photos of good parts/);
  await page.keyboard.press("Enter");
  await (await choosing).setFiles(good);
  await page.waitForTimeout(50);
  await idle(page);
  await give(page, "Parts to check", bad);
  assert.match((await verdictOf(page)).said ?? "", /bad\.png: (not good|good|to be looked at)\./);
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, input, select, canvas, meter, progress")]
      .filter((each) => each.checkVisibility())
      .filter(
        (each) => !(each.ariaLabel || each.textContent?.trim() || (each as HTMLInputElement).labels?.length),
      )
      .map((each) => each.outerHTML.slice(0, 120)),
  );
  assert.equal(nameless, []);
});

test("a phone shows all of it without scrolling sideways, by day and by night", async ({ dir }) => {
  const { good, bad } = await drawParts(dir, 2);
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await chromium.open({ ...PHONE, colorScheme });
    await idle(page);
    await give(page, "Good parts", good);
    await give(page, "Parts to check", [bad, good[0]]);
    const { wide, paper, ink } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      paper: getComputedStyle(document.body).backgroundColor,
      ink: getComputedStyle(document.body).color,
    }));
    assert.is(wide, 0);
    const light = (colour: string) => Math.max(...(colour.match(/\d+/g) ?? []).map(Number));
    assert.is(light(paper) > light(ink), colorScheme === "light", `${paper} below ${ink}`);
    await page.close();
  }
});

test("plain files show no line of a service, and ask for none", async () => {
  const asked: string[] = [];
  const page = await chromium.open({}, async (page) => {
    page.on("request", (request) => asked.push(request.url()));
  });
  await idle(page);
  assert.is(await page.locator(".views").count(), 0);
  assert.equal(
    asked.filter((url) => url.includes("/v1/") || new URL(url).host !== new URL(page.url()).host),
    [],
  );
});

test("the page tells how far its kernels are while it opens a model", async () => {
  const page = await chromium.open({}, async (page) => {
    await page.addInitScript(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      const look = () => {
        const text = document.querySelector(".work")?.textContent;
        if (text && text !== seen.at(-1)) seen.push(text);
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    });
  });
  await idle(page);
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  const kernels = seen.flatMap((text) => {
    const [, done, total] = /^Preparing kernels: (\d+) of (\d+)$/.exec(text) ?? [];
    return done === undefined ? [] : [[Number(done), Number(total)]];
  });
  assert.ok(kernels.length > 1, seen.join("; "));
  kernels.reduce(([before], [done, total]) => {
    assert.ok(done >= before && done < total, seen.join("; "));
    return [done, total];
  });
  await page.close();
});

test.run();
bankTests(chromium);
cameraTests(chromium);
const last = folderTests("complaints");
last("the page complained of nothing on the way", () => {
  assert.equal(chromium.complaints, []);
});
last.run();
lineTests(chromium);
