import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import { post } from "@inctrl/testing/http";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import type { Visit } from "./browser.js";
import { inctrl } from "./command.js";
import { drawParts } from "./parts.js";
import { startService } from "./service.js";

// The journey of somebody at the line: the page of a real `inctrl serve`, which needs a token.

const TOKEN = "0123456789abcdef-line";
const SIGNED = { authorization: `Bearer ${TOKEN}` };
const PATIENCE = { timeout: 120_000 };

/** Where a picture of each view is put, to be looked at; nowhere unless asked for. */
const SHOTS = process.env.INCTRL_PAGE_SHOTS;
const shot = async (page: Page, name: string) => {
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
};

const names = (page: Page) => page.locator(".rows .what b").allTextContents();
const said = (page: Page) => page.locator("[role=status]").textContent();
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

/** Adds the tests of the line, which close the browser. What it complains of here are refusals that are meant. */
export function lineTests(visit: Visit): void {
  const test = folderTests("line");
  test.after(async () => visit[Symbol.asyncDispose]());

  test("parts appear, are judged by a person, and teach the bank, which can go back", async ({ dir }) => {
    const { good, bad, photo } = await drawParts(dir, 8);
    const [products, reviews, tokens] = ["products", "reviews", "tokens.txt"].map((name) => join(dir, name));
    await mkdir(products);
    await writeFile(tokens, `${TOKEN}\n`);
    const bank = join(products, "leather.bank.safetensors");
    await inctrl("score", "--prompts", ...good.slice(0, 2), "--save-bank", bank);
    await inctrl("calibrate", "--bank", bank, "--normals", ...good.slice(2), "--false-alarms", "20%");
    const service = await startService(
      ...[
        "--products",
        products,
        "--port",
        "0",
        "--token-file",
        tokens,
        "--reviews",
        reviews,
        "--timeout",
        "600",
      ],
    );
    await using _ = service;
    const send = async (part: string, file: string) => {
      const { status, answer } = await post(
        service,
        `leather/score?part=${part}`,
        await readFile(file),
        SIGNED,
      );
      assert.ok(status === 200 || status === 422, JSON.stringify(answer));
      return answer;
    };
    const text = join(dir, "text.png");
    await writeFile(text, "no picture");
    await send("first", good[0]);
    const { verdict } = await send("hole", bad);
    assert.is(verdict, "NG");
    await send("text", text);

    // The token, wrong and right.
    const page = await visit.open({}, undefined, `${service.address}/#line`);
    await page.getByLabel("Token").fill("not-a-token-at-all");
    await button(page, "Show the line").click();
    await page.getByText("does not know this token").waitFor(PATIENCE);
    await shot(page, "token");
    await page.getByLabel("Token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await page.locator(".rows li").first().waitFor(PATIENCE);
    assert.equal(await names(page), ["text", "hole", "first"]);
    assert.is(await page.locator("#product-title .badge").textContent(), "Calibrated");
    assert.match((await page.locator(".promise").textContent()) ?? "", /Of 1000 good parts like these 6/);
    await page.getByText(/No drift: \d+ parts/).waitFor(PATIENCE);
    assert.is(
      await page.evaluate(() => sessionStorage.length + localStorage.length),
      1,
      "kept in the tab alone",
    );
    assert.is(
      await page.locator(".device b").textContent(),
      new URL(service.address).host,
      "no model is opened",
    );

    // A part that comes is shown without being asked for; a filter leaves the others out.
    await send("photo", photo);
    await page.locator(".rows b", { hasText: "photo" }).waitFor(PATIENCE);
    await button(page, /^NG/).click();
    await page.waitForFunction(() => document.querySelectorAll(".rows li").length > 0, null, PATIENCE);
    const flagged = await names(page);
    assert.ok(flagged.includes("hole") && !flagged.includes("text"), flagged.join());
    await button(page, /^ERROR/).click();
    await page.locator(".rows b", { hasText: "text" }).waitFor(PATIENCE);
    assert.equal(await names(page), ["text"]);

    // The part with its picture, map and regions; what a person says, and takes back.
    await button(page, "All").click();
    await page.locator(".rows b", { hasText: "hole" }).click(PATIENCE);
    await page.locator('img[alt="hole, heat map"]').waitFor(PATIENCE);
    await page.waitForFunction(
      () => [...document.images].every((each) => each.naturalWidth > 0),
      null,
      PATIENCE,
    );
    assert.is(await page.locator(".verdict .name").textContent(), "hole");
    assert.ok((await page.locator(".region").count()) > 0, "regions are drawn");
    await shot(page, "part");
    const linesOf = async () =>
      (await readFile(join(reviews, "reviews.jsonl"), "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    await button(page, "It is not good").click();
    await page.locator('button.bad[aria-pressed="true"]').waitFor(PATIENCE);
    await button(page, "It is good").click();
    await page.locator('button.good[aria-pressed="true"]').waitFor(PATIENCE);
    assert.equal(
      (await linesOf()).map(({ part, review, verdict }) => [part, review, verdict]),
      [
        ["hole", "bad", "NG"],
        ["hole", "good", "NG"],
      ],
    );

    // Learning makes the next version, by which the same part is told anew; undo brings the first one back.
    await button(page, "Learn from 1 reviewed part").click(PATIENCE);
    await page.getByText("Version 3", { exact: true }).waitFor(PATIENCE);
    assert.match((await said(page)) ?? "", /^1 part learnt; the bank is version 3/);
    await shot(page, "learnt");
    assert.is.not((await send("hole again", bad)).verdict, "NG");
    assert.match(await inctrl("bank", "show", bank), /version\W+3/i);
    await button(page, "Undo").click(PATIENCE);
    await page.getByText("Version 2", { exact: true }).waitFor(PATIENCE);
    assert.is((await send("hole once more", bad)).verdict, "NG");
    assert.match(service.log(), /product leather: learnt 1 good part.*version 3; inctrl bank undo/);
    assert.match(service.log(), /version 3 of its bank .* is taken back/);

    for (const [name, options] of [
      ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
      ["dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
    ] as const) {
      const other = await visit.open(options, undefined, `${service.address}/#line`);
      await other.getByLabel("Token").fill(TOKEN);
      await other.keyboard.press("Enter");
      await other.locator(".rows li").first().waitFor(PATIENCE);
      await button(other, "Show the heat map").click(PATIENCE);
      await other.locator('img[alt$="heat map"]').waitFor(PATIENCE);
      const wide = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.is(wide, 0, `${name} scrolls sideways`);
      await shot(other, name);
      await other.close();
    }

    // The service goes away, and that is said.
    await service.stop();
    await page
      .getByRole("alert")
      .getByText(/The service is away since/)
      .waitFor(PATIENCE);
    assert.ok((await names(page)).length > 3, "what was told stays");
    await shot(page, "away");
    await page.close();
  });

  test.run();
}
