import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PreparedImage } from "@inctrl/clip";
import { crc32, encodePng } from "@inctrl/datasets";
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

/** A picture as a PNG that lies turned in its file: who follows its EXIF tag, which says "turn right", sees these very pixels. */
export function turnedPng({ width, height, data }: Parameters<typeof encodePng>[0]): Buffer {
  const channels = data.length / (width * height);
  const stored = new Uint8Array(data.length);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      const from = channels * (y * width + x);
      stored.set(data.subarray(from, from + channels), channels * ((width - 1 - x) * height + y));
    }
  const png = encodePng({ width: height, height: width, data: stored });
  const chunk = Buffer.alloc(38);
  chunk.writeUInt32BE(26, 0);
  chunk.write("eXIfMM\0*", 4, "latin1");
  chunk.writeUInt32BE(8, 12);
  chunk.set([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6], 16);
  chunk.writeUInt32BE(crc32(chunk, 4, 34), 34);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
