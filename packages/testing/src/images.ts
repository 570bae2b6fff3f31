import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PreparedImage } from "@inctrl/clip";
import { encodePng } from "@inctrl/datasets";
import type { ImageItem } from "@inctrl/detect";
import { generator } from "./random.js";

/** Interleaved RGB bytes: a shade of its own for every seed, and noise. */
export function randomPixels(seed: number, count: number): Uint8Array {
  const next = generator(seed);
  const base = [next() * 160, next() * 160, next() * 160];
  return Uint8Array.from({ length: 3 * count }, (_, i) => base[i % 3] + 95 * next());
}

/** A prepared image as `prepareImage` would give it. */
export function randomView(seed: number, size: number): PreparedImage {
  const whole = { width: size, height: size };
  return { ...whole, pixels: randomPixels(seed, size * size), box: { x: 0, y: 0, ...whole } };
}

/** A seeded image without a file, `width` x `height` pixels. */
export function randomImage(seed: number, width: number, height = width, id = `${seed}`): ImageItem {
  const data = randomPixels(seed, width * height);
  return { id, load: async () => ({ width, height, mode: "RGB", data }) };
}

/** Writes a seeded PNG and returns its path. */
export function writeImage(
  folder: string,
  name: string,
  seed: number,
  width: number,
  height = width,
): string {
  const path = join(folder, name);
  writeFileSync(path, encodePng({ width, height, data: randomPixels(seed, width * height) }));
  return path;
}
