import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import sharp from "sharp";

/** Files of drawn parts in a folder: good ones as PNG, and one to check, with a defect or without, as the name says. */
export async function drawParts(folder: string, count = 4) {
  const draw = (index: number, bad = false, size = 200) =>
    drawProduct({ class: "leather", seed: 5, index, defect: bad ? "hole" : null, size }).image;
  const path = (name: string) => join(folder, name);
  const good: string[] = [];
  for (let i = 0; i < count; i++) {
    good.push(path(`good-${i}.png`));
    await writeFile(good[i], encodePng(draw(i)));
  }
  const [bad, photo] = [path("bad.png"), path("photo.jpg")];
  await writeFile(bad, encodePng(draw(20, true)));
  const { data, width, height } = draw(21, false, 220);
  const upright = sharp(data, { raw: { width, height, channels: 3 } });
  await upright.resize(300, 220).withMetadata({ orientation: 6 }).jpeg({ quality: 85 }).toFile(photo);
  return { good, bad, photo };
}

/** The same part in gray of 16 bits, of which it uses values from 300 to 3360. */
export async function widened(file: string): Promise<string> {
  const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const values = Uint16Array.from({ length: width * height }, (_, i) => 300 + 12 * data[i * channels]);
  const wide = file.replace(/\.png$/, "-16.png");
  const raw = { width, height, channels: 1 as const, depth: "ushort" as const };
  await sharp(values, { raw }).toColourspace("grey16").png().toFile(wide);
  return wide;
}
