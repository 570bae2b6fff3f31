import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderTests } from "@inctrl/testing";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { buildPage } from "../build.js";
import { CHROMIUM, visit } from "./browser.js";
import { inctrl, scoreBy } from "./command.js";
import { firefoxVisit } from "./firefox.js";
import { give, idle, problemsOf, verdictOf } from "./journey.js";
import { lineTests } from "./line.js";
import { drawParts, widened } from "./parts.js";

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
/** Scores of the page and of Node differ by less. */
const TOLERANCE = 1e-4;

const test = folderTests("journeys");
await buildPage();
const chromium = await visit();

/** Checks files one by one, and holds what the page says to what the command says by the same bank. */
async function compare(page: Page, bank: string, files: readonly string[]): Promise<void> {
  for (const { image, score, verdict, regions } of await scoreBy(bank, files)) {
    await give(page, "Parts to check", image);
    const seen = await verdictOf(page);
    assert.ok(
      Math.abs(seen.score - score) < TOLERANCE,
      `${image}: the page ${seen.score}, the command ${score}`,
    );
    assert.equal([seen.verdict, seen.regions], [verdict, regions?.length ?? 0], image);
  }
}

/** Downloads the page's bank. */
async function saveBank(page: Page, path: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the bank" }).click(),
  ]);
  assert.is(download.suggestedFilename(), "part.bank.safetensors");
  await download.saveAs(path);
  return path;
}

const lineOf = (page: Page) => page.locator("[aria-labelledby=line-title] .badge").textContent();

test("a bank of the page scores the same on the command line, before and after a calibration", async ({
  dir,
}) => {
  const { good, bad, photo } = await drawParts(dir, 6);
  const page = await chromium.open();
  await idle(page);
  await give(page, "Good parts", good.slice(0, 3));
  assert.is(await lineOf(page), "Hint");
  const save = (name: string) => saveBank(page, join(dir, name));
  await compare(page, await save("hint.safetensors"), [bad, photo]);
  // One of them is a prompt, and is left out by name.
  await give(page, "Calibrate with good parts", good.slice(2));
  assert.match((await problemsOf(page)).join(), /good-2\.png: it is a prompt or was counted before/);
  assert.is(await lineOf(page), "Provisional");
  await page.selectOption("select >> nth=0", "0.2");
  await idle(page);
  await compare(page, await save("calibrated.safetensors"), [bad, photo, good[0]]);
});

test("a bank of the command is opened, with its line and its region, and scores the same, turned photos too", async ({
  dir,
}) => {
  const { good, bad, photo } = await drawParts(dir, 5);
  const bank = join(dir, "made.safetensors");
  const region = ["--roi", "20%,0%,80%,75%"];
  await inctrl("score", "--prompts", ...good.slice(0, 2), "--save-bank", bank, ...region);
  await inctrl("calibrate", "--bank", bank, "--normals", ...good.slice(2));
  const page = await chromium.open();
  await idle(page);
  await give(page, "Open a bank", bank);
  assert.is(await lineOf(page), "Provisional");
  assert.match((await page.locator(".promise").textContent()) ?? "", /Of 1000 good parts like these 3/);
  await compare(page, bank, [bad, photo]);
});

test("images of 16 bits are seen through the window that the command measures", async ({ dir }) => {
  const { good, bad } = await drawParts(dir, 2);
  const page = await chromium.open();
  await idle(page);
  await give(page, "Good parts", await Promise.all(good.map(widened)));
  await compare(page, await saveBank(page, join(dir, "wide.safetensors")), [await widened(bad)]);
});

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

test("a camera that is not allowed, and an address without weights, are told", async () => {
  const page = await chromium.open({}, async (page) => {
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException("no", "NotAllowedError");
      };
    });
  });
  await idle(page);
  await page.getByRole("button", { name: "Use the camera" }).click();
  const told = (hasText: string) => page.locator(".problems li", { hasText }).waitFor();
  await told("The camera is not allowed here; allow it");
  await page.getByText("Model and images").click();
  await page.getByPlaceholder("https://").fill("https://127.0.0.1:1/weights.bin");
  await page.getByPlaceholder("https://").press("Enter");
  await told("names no .safetensors file; give the address of the file itself");
  assert.match((await page.locator(".device").textContent()) ?? "", /^nano on /, "the model before stays");
  await page.close();
});

test("the camera gives good parts, and is checked live", async () => {
  const page = await chromium.open({ permissions: ["camera"] });
  await idle(page);
  await page.getByRole("button", { name: "Use the camera" }).click();
  await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
  for (const [i, name] of ["Take a good part", "Take a good part (1)"].entries()) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.waitForTimeout(50);
    await idle(page);
    assert.is(await page.locator(".thumbs li").count(), i + 1);
  }
  await page.getByRole("button", { name: "Check live" }).click();
  await page.waitForSelector(".verdict", { timeout: 110_000 });
  assert.is((await verdictOf(page)).name, "camera");
  await page.getByRole("button", { name: "Close the camera" }).click();
  await page.waitForSelector("video", { state: "detached" });
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
  await idle(page);
  await page.keyboard.press("Tab");
  assert.is(await page.evaluate(() => document.activeElement?.textContent?.trim()), "Skip to checking parts");
  await page.keyboard.press("Tab");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
  await chooser.setFiles(good);
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

test("the page complained of nothing on the way", () => {
  assert.equal(chromium.complaints, []);
});

test.run();
lineTests(chromium);
