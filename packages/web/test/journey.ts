import type { Page } from "playwright-core";

// What a visitor does, and what the page says.

/** Waits until the page has nothing to do. */
export const idle = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.querySelector(".device b") && !document.querySelector(".work"), null, {
    timeout: 110_000,
  });

/** Gives files to the place of this name. */
export async function give(page: Page, place: string, files: readonly string[] | string): Promise<void> {
  await page.setInputFiles(`input[aria-label="${place}"]`, files);
  // The page is busy from its next turn on.
  await page.waitForTimeout(50);
  await idle(page);
}

/** What the page says of the part that it shows. */
export const verdictOf = (page: Page) =>
  page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent ?? null;
    const heat = document.querySelector<HTMLCanvasElement>(".figures canvas");
    const pixels = heat?.getContext("2d")?.getImageData(0, 0, heat.width, heat.height).data ?? [];
    let colours = 0;
    for (let i = 0; i < pixels.length; i += 4) if (Math.abs(pixels[i] - pixels[i + 2]) > 40) colours++;
    return {
      name: text(".verdict .name"),
      verdict: document.querySelector(".verdict")?.className.replace("verdict ", "") ?? null,
      words: text(".verdict strong"),
      score: Number(document.querySelector(".verdict dd[title]")?.getAttribute("title")),
      regions: document.querySelectorAll(".region").length,
      said: text("[role=status]"),
      /** Pixels of the heat map that are far from gray. */
      colours,
      nearest: text(".figures figure:nth-child(2) figcaption"),
    };
  });

export const problemsOf = (page: Page): Promise<string[]> => page.locator(".problems li").allTextContents();
