import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againWithWebSocket, FIREFOX, inFirefox, WEBGPU } from "@inctrl/testing/firefox";
import * as assert from "uvu/assert";
import { buildPage } from "../build.js";
import { serveFiles } from "./browser.js";
import { drawParts } from "./parts.js";

// A visit in Firefox, by WebDriver BiDi: npm run test:page -- --firefox

/** The visit; says what is seen. Returns the exit code. */
export async function firefoxVisit(): Promise<number> {
  if (!FIREFOX) {
    console.log("skipped: no Firefox; install one, or name it in FIREFOX_PATH");
    return 0;
  }
  const again = await againWithWebSocket();
  if (again !== undefined) return again;
  await buildPage();
  const folder = await mkdtemp(join(tmpdir(), "inctrl-firefox-parts-"));
  const server = await serveFiles();
  try {
    await inFirefox({ "dom.webgpu.enabled": false }, async (tab) => {
      await tab.open(server.address);
      await tab.until("document.querySelector('[role=alert]') !== null");
      const said = String(await tab.value("document.querySelector('[role=alert]').textContent"));
      assert.match(said, /needs WebGPU.*This browser has no WebGPU.*Use a current Chrome/s);
      console.log(`Firefox ${tab.version} without WebGPU: the page says why and what to do`);
    });
    const { good, bad } = await drawParts(folder, 2);
    await inFirefox(WEBGPU, async (tab) => {
      await tab.open(server.address);
      await tab.until("document.querySelector('[role=alert], .device b') !== null");
      const why = await tab.value("document.querySelector('[role=alert]')?.textContent ?? null");
      if (why) {
        console.log(`skipped: Firefox ${tab.version} finds no adapter here: ${why}`);
        return;
      }
      await tab.give("Good parts", good);
      await tab.until(
        "document.querySelectorAll('.thumbs li').length === 2 && !document.querySelector('.work')",
      );
      await tab.give("Parts to check", [bad]);
      await tab.until("document.querySelector('.verdict') !== null");
      assert.is(await tab.value("document.querySelector('.verdict').className"), "verdict NG");
      console.log(`Firefox ${tab.version} with WebGPU switched on: bad.png is not good`);
    });
    return 0;
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}
