// Scripts in Firefox, with WebGPU switched on.
import { FIREFOX, inFirefox as inTab, WEBGPU } from "@inctrl/testing/firefox";
import { ENDED, PRINTED, servePage } from "./page.mjs";

/** @type {import("./engines.mjs").Engine} */
export async function inFirefox(limitMs, job) {
  if (!FIREFOX) throw new Error("no Firefox found; install one, or name it in FIREFOX_PATH");
  const site = await servePage();
  try {
    await inTab(WEBGPU, (tab) =>
      job(async (script) => {
        site.show(script);
        await tab.open(site.address);
        await tab.until(ENDED, limitMs).catch(() => {});
        return tab.value(PRINTED);
      }),
    );
  } finally {
    site.close();
  }
}
