import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { visit as openBrowser, type Visit } from "./browser.js";
import { idle, problemsOf, verdictOf } from "./journey.js";

/** Adds the tests of the camera. */
export function cameraTests(visit: Visit): void {
  const test = folderTests("camera");

  test("a camera that the browser does not allow is told, to screen readers too", async () => {
    await using strict = await openBrowser(["--use-fake-ui-for-media-stream=deny"]);
    const page = await strict.open();
    await idle(page);
    await page.getByRole("button", { name: "Use the camera" }).click();
    const said = "The camera is not allowed here; allow it in the browser's bar of addresses.";
    await page.locator("[role=status]", { hasText: said }).waitFor({ state: "attached" });
    assert.equal(await problemsOf(page), [said]);
    assert.is(await page.locator("video").count(), 0);
  });

  test("the camera gives good parts, and is checked live", async () => {
    const page = await visit.open({ permissions: ["camera"] });
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

  test.run();
}
