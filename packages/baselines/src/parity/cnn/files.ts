import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Filter, normalizePixels, openCheckpoint, prepareImage } from "@inctrl/clip";
import { decodeImage, pythonSample } from "@inctrl/datasets";
import { type Check, finite, listOf, mapOf, type ParityCheck, parity } from "@inctrl/detect";
import { openSafetensors, type TensorFile } from "@inctrl/tensor";

const { compare } = parity;

/** What needs no device: pixels, drawn channels, and one state in every container. All of it is exact. */
export async function fileChecks(path: string): Promise<ParityCheck[]> {
  return [...(await channelChecks(path)), ...(await pixelChecks(path)), ...(await containerChecks(path))];
}

export const CHANNELS: Check = mapOf(listOf(finite));

/** `padim-channels.json`: what CPython draws, by total, count and seed. */
async function channelChecks(path: string): Promise<ParityCheck[]> {
  const file = join(path, "padim-channels.json");
  if (!existsSync(file)) return [];
  return drawChecks(await parity.readFacts(file, CHANNELS));
}

/** @param draws channels by "total/count/seed". */
export function drawChecks(draws: Readonly<Record<string, readonly number[]>>): ParityCheck[] {
  return Object.entries(draws).map(([key, want]) => {
    const [total, count, seed] = key.split("/").map(Number);
    // A list of another length is wrong whatever is drawn, and a count has no bound.
    const got = count === want.length ? pythonSample(total, count, seed) : [];
    return compare(`channels: ${key}`, got, want, 0);
  });
}

/** `preprocess.safetensors`: the images of the folder that it names, by each filter. */
async function pixelChecks(path: string): Promise<ParityCheck[]> {
  const from = join(path, "preprocess.safetensors");
  if (!existsSync(from)) return [];
  return withFile(openSafetensors(from), async (file) => {
    const { images: told = "" } = file.metadata;
    const [folder] = told.split(";");
    const resize = Number(/shorter side to (\d+)/.exec(told)?.[1]);
    const checks: ParityCheck[] = [];
    for (const [key, { shape }] of file.tensors) {
      const [, name, filter, square] = /(.*)\.(lanczos|bilinear|bicubic)(_square)?$/.exec(key) ?? [];
      const image = join(path, folder, name ?? "");
      if (name === undefined || !existsSync(image)) continue;
      const size = shape[1];
      const config = { size, interpolation: filter as Filter, rgbFirst: true, ...(!square && { resize }) };
      const [view] = prepareImage(await decodeImage(image), config, square ? "squash" : "crop");
      const planes = normalizePixels(view.pixels, { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] });
      checks.push(compare(`pixels: ${key}`, planes.map(Math.round), await file.readFloat32(key), 0));
    }
    return checks;
  });
}

/** `files`: one state in every container of PyTorch's. */
async function containerChecks(path: string): Promise<ParityCheck[]> {
  const folder = join(path, "files");
  const state = join(folder, "state.safetensors");
  if (!existsSync(state)) return [];
  const others = readdirSync(folder).filter((name) => /^(zip|legacy).*\.pth$/.test(name));
  return withFile(openSafetensors(state), async (want) => {
    const checks: ParityCheck[] = [];
    for (const name of others)
      await withFile(openCheckpoint(join(folder, name)), async (got) => {
        for (const key of want.tensors.keys()) {
          const own = got.tensors.has(key) ? await got.readFloat32(key) : [];
          checks.push(compare(`${name}: ${key}`, own, await want.readFloat32(key), 0));
        }
      });
    return checks;
  });
}

async function withFile<T>(opening: Promise<TensorFile>, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const file = await opening;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
