import { type Device, scope } from "@inctrl/tensor";
import type { View } from "../images/augmentation.js";
import type { DecodePool } from "../images/decode-pool.js";
import type { Unresized, ViewOptions } from "../images/prepared.js";
import type { ImageSize } from "../images/region.js";
import type { ImageItem, ImageSource } from "../images/source.js";
import { symmetricSize, symmetricTensor, symmetricView } from "../images/symmetries.js";
import { type DeviceView, deviceFacts, isOnDevice, resizeOnDevice } from "./device-views.js";
import type { EncodedImage, EncodedView } from "./features.js";

/** A view that waits for a batch. */
export interface WaitingView {
  readonly seen: EncodedView;
  readonly view: View | DeviceView;
}

/** An image that is decoded, or that could not be. */
export interface ReadyImage extends EncodedImage {
  readonly waiting: WaitingView[];
}

export interface AheadOptions {
  readonly device: Device;
  readonly pool: DecodePool;
  /** Whether the pool goes on after these images. */
  readonly poolStays: boolean;
  readonly views: ViewOptions;
  readonly signal?: AbortSignal;
}

/** Prepared images in the order of their source, several of them decoding at once. The consumer frees their views (`freeViews`). */
export async function* prepareAhead(images: ImageSource, options: AheadOptions): AsyncGenerator<ReadyImage> {
  const { pool, poolStays, signal } = options;
  const asked: Promise<ReadyImage>[] = [];
  const stop = new AbortController();
  let image = 0;
  try {
    for await (const item of images) {
      if (signal?.aborted) break;
      asked.push(prepare(item, image++, options, stop.signal));
      if (asked.length >= pool.ahead) yield (await asked.shift()) as ReadyImage;
    }
    while (asked.length > 0 && !signal?.aborted) yield (await asked.shift()) as ReadyImage;
  } finally {
    stop.abort();
    // None rejects.
    const rest = Promise.all(asked.map(async (each) => freeViews((await each).waiting)));
    // A consumer that stops early leaves no file open.
    if (pool.ahead === 1 || poolStays) await rest;
  }
}

/** Frees the views that are on the device. */
export function freeViews(waiting: readonly WaitingView[]): void {
  for (const { view } of waiting) if (isOnDevice(view)) view.pixels.dispose();
}

async function prepare(
  item: ImageItem,
  image: number,
  { device, pool, views: options }: AheadOptions,
  stop: AbortSignal,
): Promise<ReadyImage> {
  const variant = item.augmentation?.variant ?? symmetricView;
  // Other variants than symmetries are made of bytes.
  const deviceBytes = variant === symmetricView ? options.deviceBytes : 0;
  try {
    const found = await pool.prepare(item, { ...options, deviceBytes });
    if ("raster" in found) {
      if (stop.aborted) return { image, item, waiting: [] };
      return { image, item, ...resized(device, found, { item, image, options }) };
    }
    const { views, of, pixels, ...shown } = found;
    const facts = pixels && { pixels: Promise.resolve(pixels) };
    return { image, item, ...shown, ...facts, waiting: waitingViews(views, { item, image, of, variant }) };
  } catch (error) {
    return { image, item, error: error as Error, waiting: [] };
  }
}

/** An image resized by the device. */
function resized(
  device: Device,
  { raster }: Unresized,
  { item, image, options }: { item: ImageItem; image: number; options: ViewOptions },
): Omit<ReadyImage, "image" | "item"> {
  const { width, height, clipped } = raster;
  const of = { width, height };
  return scope(() => {
    const views = resizeOnDevice(device, raster, options);
    const pixels = options.facts ? deviceFacts(views, { region: options.region, of }) : undefined;
    // Awaited with the scores; until then a lost device must not count as unhandled.
    pixels?.catch(() => {});
    const variant = (view: DeviceView, symmetry: number) => ({
      ...{ ...view, ...symmetricSize(symmetry, view) },
      pixels: symmetricTensor(view.pixels, symmetry),
    });
    return {
      ...(clipped !== undefined && { clipped }),
      ...(pixels && { pixels }),
      waiting: waitingViews(views, { item, image, of, variant }),
    };
  });
}

/** An image's views, each in the variants that are wanted of it. */
function waitingViews<V extends View | DeviceView>(
  views: readonly V[],
  about: {
    item: ImageItem;
    image: number;
    of: ImageSize;
    variant: (view: V, number: number) => View | DeviceView;
  },
): WaitingView[] {
  const { item, image, of, variant } = about;
  return views.flatMap((view, tile) =>
    (item.symmetries ?? [0]).map((symmetry) => ({
      seen: { image, symmetry, tile, box: view.box, of },
      view: variant(view, symmetry),
    })),
  );
}
