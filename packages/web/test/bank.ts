import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Encoder,
  fileImage,
  mergeViews,
  openBackbone,
  readBankFit,
  readOptions,
  scoreImages,
} from "@inctrl/detect";
import { residualMethod } from "@inctrl/inctrl/web";
import { openDevice } from "@inctrl/tensor";
import { folderTests } from "@inctrl/testing";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import type { Visit } from "./browser.js";
import { inctrl, scoreBy } from "./command.js";
import { give, idle, problemsOf, verdictOf } from "./journey.js";
import { drawParts, widened } from "./parts.js";

// Banks that go between the page and the command, and what both say by them.

/** Scores of the page and of Node differ by less. */
const TOLERANCE = 1e-4;

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

/** Maps of images by a bank, made by the packages in Node. */
async function mapsOfNode(bank: string, files: readonly string[]): Promise<Float32Array[]> {
  const device = await openDevice();
  try {
    using backbone = await openBackbone(device, "nano");
    const known = await readBankFit(bank);
    const settings = { ...readOptions(residualMethod, {}), symmetries: known.symmetries as 1 | 8 };
    const detector = residualMethod.create(new Encoder(backbone, { fit: known.fit }), settings);
    using fitted = await detector.load(bank);
    const maps: Float32Array[] = [];
    const images = files.map((file) => fileImage(file, fitted.reading));
    for await (const result of scoreImages(fitted, images)) {
      if ("error" in result) throw result.error;
      maps.push(mergeViews(result.views).map.values);
    }
    return maps;
  } finally {
    device.close();
  }
}

/** Keeps the last map that a worker of the page hands over. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = globalThis as unknown as { lastMap: Float32Array | undefined; Worker: typeof Worker };
    const Own = seen.Worker;
    seen.Worker = class extends Own {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
          seen.lastMap = data?.value?.map?.map?.values ?? seen.lastMap;
        });
      }
    };
  });
}

const lastMap = (page: Page) =>
  page.evaluate(() => [...((globalThis as unknown as { lastMap?: Float32Array }).lastMap ?? [])]);

/** Weights that are nano's but for the signs of all values, under a name of their own. */
async function otherWeights(path: string): Promise<void> {
  const bytes = await readFile(
    fileURLToPath(new URL("../../clip/models/nano/model.safetensors", import.meta.url)),
  );
  const begin = 8 + Number(bytes.readBigUInt64LE(0));
  for (let at = begin + 3; at < bytes.length; at += 4) bytes[at] ^= 0x80;
  await writeFile(path, bytes);
}

/** Adds the tests of banks. */
export function bankTests(visit: Visit): void {
  const test = folderTests("banks");

  test("a bank of the page scores the same on the command line, before and after a calibration", async ({
    dir,
  }) => {
    const { good, bad, photo } = await drawParts(dir, 6);
    const page = await visit.open();
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
    const page = await visit.open();
    await idle(page);
    await give(page, "Open a bank", bank);
    assert.is(await lineOf(page), "Provisional");
    assert.match((await page.locator(".promise").textContent()) ?? "", /Of 1000 good parts like these 3/);
    await compare(page, bank, [bad, photo]);
  });

  test("images of 16 bits are seen through the window that the command measures", async ({ dir }) => {
    const { good, bad } = await drawParts(dir, 2);
    const page = await visit.open();
    await idle(page);
    await give(page, "Good parts", await Promise.all(good.map(widened)));
    await compare(page, await saveBank(page, join(dir, "wide.safetensors")), [await widened(bad)]);
  });

  test("the map of the page is that of Node, patch by patch, and its values are read under the pointer", async ({
    dir,
  }) => {
    const { good, bad, photo } = await drawParts(dir, 3);
    const page = await visit.open({}, listen);
    await idle(page);
    await give(page, "Good parts", good);
    const bank = await saveBank(page, join(dir, "map.safetensors"));
    const wanted = await mapsOfNode(bank, [bad, photo]);
    for (const [i, file] of [bad, photo].entries()) {
      await give(page, "Parts to check", file);
      const got = await lastMap(page);
      assert.is(got.length, wanted[i].length);
      const far = got.map((value, at) => Math.abs(value - wanted[i][at]));
      assert.ok(Math.max(...wanted[i]) > 0.01, "the map says something");
      assert.ok(
        Math.max(...far) < TOLERANCE,
        `${file}: ${Math.max(...far)} apart at ${far.indexOf(Math.max(...far))}`,
      );
    }
    await page.locator(".figures .frame").first().hover();
    const side = Math.sqrt(wanted[1].length);
    const middle = wanted[1][Math.floor(side / 2) * side + Math.floor(side / 2)];
    await page.locator(".legend b", { hasText: `${middle.toFixed(3)} here` }).waitFor();
    await page.close();
  });

  test("a bank of another model is refused in words that say which one it needs, and what was open stays", async ({
    dir,
  }) => {
    const { good, bad } = await drawParts(dir, 2);
    const [weights, bank] = [join(dir, "own.safetensors"), join(dir, "other.bank.safetensors")];
    await otherWeights(weights);
    const config = fileURLToPath(new URL("../../clip/models/nano/config.json", import.meta.url));
    const model = ["--backbone", weights, "--model-config", config];
    await inctrl("score", ...model, "--prompts", ...good, "--save-bank", bank);
    const page = await visit.open();
    await idle(page);
    await give(page, "Good parts", good);
    await give(page, "Open a bank", bank);
    const told = await problemsOf(page);
    assert.is(told.length, 1);
    assert.match(
      told[0],
      /^other\.bank\.safetensors: the bank needs the model that it was made with \(.+\), and nano is open; choose that model under "Model and images" and open the bank again, or give its good parts anew$/,
    );
    assert.is(await page.locator("[role=status]").textContent(), told[0]);
    // The good parts from before still judge.
    await give(page, "Parts to check", bad);
    assert.is((await verdictOf(page)).verdict, "NG");
    // With the model that it needs it opens.
    await page.getByText("Model and images").click();
    await give(page, "Add weights (.safetensors)", [weights, config]);
    await give(page, "Open a bank", bank);
    assert.equal(await problemsOf(page), []);
    assert.is(await page.locator(".thumbs li").count(), 2);
    await page.close();
  });

  test.run();
}
