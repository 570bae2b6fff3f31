// Scripts in Firefox, with WebGPU switched on.
import { FIREFOX, inFirefox as inTab, WEBGPU } from "@inctrl/testing/firefox";
import { ENDED, PRINTED, servePage } from "./page.mjs";

/** @type {import("./engines.mjs").Engine} */
export async function inFirefox(limitMs, job) {
  if (!FIREFOX) throw new Error("no Firefox found; install one, or name it in FIREFOX_PATH");
  const site = await servePage();
  try {
    // A Firefox for each, since one that ran fifty scripts may stop to answer.
    await job(async (script) => {
      let printed = "";
      site.show(script);
      await inTab(WEBGPU, async (tab) => {
        await tab.open(site.address);
        await tab.until(ENDED, limitMs).catch(() => {});
        printed = await tab.value(PRINTED).catch((error) => error.message);
      });
      return printed;
    });
  } finally {
    site.close();
  }
}
