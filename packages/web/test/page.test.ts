import { readFileSync } from "node:fs";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { buildPage, MAX_SCRIPT } from "../build.js";
import { webPolicy } from "../src/index.js";
import { CHROMIUM, visit } from "./browser.js";
import { give, idle, verdictOf } from "./journey.js";
import { drawParts } from "./parts.js";

// The short form: the page's size and policy, and one visit. `npm run test:page` is the long one.

const test = folderTests("page");

test("a visitor loads at most 200 kB of script, gzipped, and the page reaches nothing of Node", async () => {
  const bytes = await buildPage();
  assert.ok(bytes > 50_000 && bytes <= MAX_SCRIPT, `${bytes} bytes`);
});

test("the page says the policy of a server's header, but for frame-ancestors", () => {
  const html = readFileSync(new URL("../app/index.html", import.meta.url), "utf8");
  const [, said] = /Content-Security-Policy"\s+content="([^"]+)"/.exec(html) ?? [];
  assert.is(`${said}; frame-ancestors 'none'`, webPolicy);
});

if (!CHROMIUM) console.log("skipped: no Chromium; install one, or name it in CHROMIUM_PATH");
else
  test("good parts and a bad one give a verdict and a map", async ({ dir }) => {
    const { good, bad } = await drawParts(dir, 2);
    await using chromium = await visit();
    const page = await chromium.open();
    await idle(page);
    await give(page, "Good parts", good);
    await give(page, "Parts to check", bad);
    const { name, verdict, words, colours, nearest } = await verdictOf(page);
    assert.equal([name, verdict, words], ["bad.png", "NG", "Not good"]);
    assert.ok(colours > 100, `${colours} coloured pixels`);
    assert.match(nearest ?? "", /good-[01]\.png/);
    assert.equal(chromium.complaints, []);
  });

test.run();
