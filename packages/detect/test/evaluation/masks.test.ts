import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sample } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { categoryFingerprint } from "../../src/evaluation/fingerprint.js";
import { measurePixels, ViewMasks } from "../../src/evaluation/measure.js";

const sample = (id: string, mask?: () => Promise<number[]>): Sample => ({
  id,
  label: id === "good" ? 0 : 1,
  kind: id === "good" ? "good" : "dent",
  load: async () => ({ width: 2, height: 2, mode: "L", data: new Uint8Array(4) }),
  ...(mask && { mask: async () => ({ width: 2, height: 2, data: Uint8Array.from(await mask()) }) }),
});

test("a mask that marks nothing, is missing or damaged is left out of pixel metrics, and not silently", async () => {
  const samples = [
    sample("good"),
    sample("right", async () => [0, 255, 0, 0]),
    sample("empty", async () => [0, 0, 0, 0]),
    sample("damaged", () => Promise.reject(new Error("cut off"))),
    sample("none"),
  ];
  const said: string[] = [];
  const masks = new ViewMasks(samples, 2, (_, error) => said.push(error.message));
  const box = { x: 0, y: 0, width: 2, height: 2 };
  const map = { rows: 2, columns: 2, values: Float32Array.of(0.1, 0.9, 0.1, 0.1) };
  const seen = samples.map((_, image) => ({ image, box, map }));
  // Of the five maps those of the good and the right image count: 0.9 is once right and once wrong.
  assert.is((await measurePixels(seen, masks)).pixelAuroc, 1 - 0.5 / 7);
  assert.equal(said, [
    "empty: left out of pixel metrics: its mask marks nothing",
    "damaged: left out of pixel metrics: cut off",
  ]);
});

test("results are kept only as long as the masks are the same files", async () => {
  const dir = await mkdtemp(join(tmpdir(), "inctrl-masks-"));
  const path = join(dir, "a_mask.png");
  const fingerprint = (maskFiles: string[]) =>
    categoryFingerprint({ name: "nut", className: "nut", train: [], test: [{ ...sample("a"), maskFiles }] });
  const none = await fingerprint([]);
  await writeFile(path, "one");
  const first = await fingerprint([path]);
  await writeFile(path, "another");
  const second = await fingerprint([path]);
  await rm(dir, { recursive: true });
  assert.is(new Set([none, first, second]).size, 3);
});

test.run();
