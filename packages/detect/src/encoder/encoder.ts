import type { Fit, PreprocessConfig } from "@inctrl/clip";
import { scope, slice, Tensor } from "@inctrl/tensor";
import {
  type Backbone,
  checkTaps,
  patchesOf,
  type Tap,
  type TapLayout,
  type ViewSize,
} from "../backbone/backbone.js";
import type { View } from "../images/augmentation.js";
import { DecodePool, decodeThreads } from "../images/decode-pool.js";
import type { ImageRegion } from "../images/region.js";
import { type HashOf, hashOnce } from "../images/sample-hash.js";
import type { ImageSource } from "../images/source.js";
import { type DeviceView, type ResizePlace, resizePlace } from "./device-views.js";
import { encodeViews, encodeViewsApart, isApart } from "./encode.js";
import { type EncodedBatch, type EncodedImage, encodedBatch, type Features } from "./features.js";
import { freeViews, prepareAhead, type ReadyImage } from "./prepare-ahead.js";
import type { EncodedPrompt } from "./prompts.js";
import { type FeatureRecipe, featureRecipe } from "./recipe.js";

export interface EncoderOptions {
  /** How a square lies over an image of another shape. Default `crop`. */
  fit?: Fit;
  /** Outputs of the network that describe an image. Default: the backbone's own. */
  taps?: readonly Tap[];
  /** How images become pixels, where not as the backbone's own. */
  preprocess?: Partial<PreprocessConfig>;
  /** Gives prompts and the cache patches as they are, in float32, instead of at length 1 in float16. Default false. */
  raw?: boolean;
  /** Whether features of whole images are wanted. Without them they are 0, and a network may end after its last tap. Default true. */
  features?: boolean;
  /** Views encoded together. Default: as suits backbone and device. No score depends on it. */
  batch?: number;
  /** Threads that decode; 0 decodes in the calling thread. Default: `decodeThreads`. No score depends on it. */
  threads?: number;
  /** Where images are resized. Default: `resizePlace`. No score depends on it. */
  resize?: ResizePlace;
  /** Threads that outlive an encoding, in place of its own: whoever made them closes them. */
  pool?: DecodePool;
}

export interface EncodeOptions {
  /** Ends the encoding after the batch at work; what is decoded but not encoded is dropped. */
  signal?: AbortSignal;
  /** Whether the consumer asks where views lie in their images. Default true; without it a cached image is not decoded. */
  places?: boolean;
  /** Whether facts of the images' pixels are wanted. Default false. */
  facts?: boolean;
  /** Which part of an image the facts of its pixels are of. Default: all. */
  region?: ImageRegion;
}

/**
 * Bytes of an image, and of what it becomes on its way to a view, that a device is given to resize: what WebGPU promises to bind. Larger images are
 * resized by the processor.
 */
const MAX_DEVICE_BYTES = 128 * 2 ** 20;

/** Batches that the device may have at once: one at work, and the next one recorded behind it. */
const BATCHES_AT_ONCE = 2;

/**
 * Turns images into features: decodes ahead in threads, prepares, and runs the image tower batch by batch. Every method and
 * every command encodes its images here.
 *
 * @example
 * const encoder = new Encoder(backbone, { fit: "squash" });
 * for await (const batch of encoder.encode(fileImages(paths))) {
 *   console.log(batch.features.shape); // [views, embedDim]
 *   batch.dispose();
 * }
 */
export class Encoder {
  readonly backbone: Backbone;
  readonly fit: Fit;
  readonly taps: readonly Tap[];
  readonly preprocess: PreprocessConfig;
  readonly raw: boolean;
  readonly features: boolean;
  /** Grid and width of each tap. */
  readonly layouts: readonly TapLayout[];
  readonly batch: number;
  readonly threads: number;
  readonly resize: ResizePlace;
  readonly #pool: DecodePool | undefined;
  /** Whether features have been rounded to float16 on their way through a cache. */
  readonly cached: boolean = false;

  /** @throws DetectError `blocks` for taps that the backbone does not have, `views` for a size that it does not take. */
  constructor(backbone: Backbone, options: EncoderOptions = {}) {
    const { caps } = backbone.device;
    const { fit = "crop", taps = backbone.defaultTaps, raw = false, features = true } = options;
    this.backbone = backbone;
    this.fit = fit;
    this.taps = taps;
    this.preprocess = { ...backbone.preprocess, ...options.preprocess };
    this.raw = raw;
    this.features = features;
    const { size } = this.preprocess;
    const view = { width: size, height: size };
    checkTaps(backbone, taps, view);
    if (fit === "whole") backbone.layout(taps[0], { width: 2 * size, height: size });
    this.layouts = taps.map((tap) => backbone.layout(tap, view));
    this.batch = options.batch ?? backbone.batch(view, taps);
    this.threads = options.threads ?? decodeThreads(caps.software);
    this.resize = options.resize ?? resizePlace(caps);
    this.#pool = options.pool;
  }

  /** What its features depend on besides the image, and their shapes. */
  get recipe(): FeatureRecipe {
    return featureRecipe(this);
  }

  /** The encoder that runs the network for this one and for others (`selectTaps`). */
  get root(): Encoder {
    return this;
  }

  /** Its own part of the root's features, which stay the caller's. */
  pick(features: Features): Features {
    return features;
  }

  /** The same of a prompt that the root encoded. Its `dispose` frees what was made for it. */
  pickPrompt(prompt: EncodedPrompt): EncodedPrompt {
    return { ...prompt, dispose() {} };
  }

  /** Hashes files for a run; a cached encoder shares those of its store. */
  hashes(): HashOf {
    return hashOnce();
  }

  /**
   * Encodes images in order, with a few decoded ahead. Images that cannot be read come out as errors, in their place. The
   * consumer disposes of each batch.
   */
  async *encode(images: ImageSource, options: EncodeOptions = {}): AsyncGenerator<EncodedBatch> {
    const { signal, facts, region } = options;
    const { device } = this.backbone;
    const isDevices = this.resize === "device" && !isApart(this.backbone);
    const deviceBytes = isDevices ? Math.min(MAX_DEVICE_BYTES, device.caps.maxBindingBytes) : 0;
    const views = { pixels: this.preprocess, fit: this.fit, facts, region, deviceBytes };
    await using own = this.#pool ? null : new DecodePool(this.threads);
    const pool = this.#pool ?? (own as DecodePool);
    const queue: ReadyImage[] = [];
    const working: Promise<void>[] = [];
    const next = async () => {
      if (working.length === BATCHES_AT_ONCE) await working.shift();
      const batch = await this.#encodeNext(queue);
      const done = device.sync();
      // Awaited before a later batch; until then a lost device must not count as unhandled.
      done.catch(() => {});
      working.push(done);
      return batch;
    };
    const isFull = () =>
      queue.length >= 4 * this.batch ||
      queue.reduce((sum, { waiting }) => sum + waiting.length, 0) >= this.batch;
    const ahead = { device, pool, poolStays: pool === this.#pool, views, signal };
    try {
      for await (const ready of prepareAhead(images, ahead)) {
        queue.push(ready);
        while (isFull()) yield await next();
      }
      while (queue.length > 0 && !signal?.aborted) yield await next();
      await Promise.all(working);
    } finally {
      for (const { waiting } of queue) freeViews(waiting);
    }
  }

  /** Views of a size to encode together. */
  protected limit({ width, height }: ViewSize): number {
    const { size } = this.preprocess;
    if (width === size && height === size) return this.batch;
    return Math.min(this.batch, this.backbone.batch({ width, height }, this.taps));
  }

  /** Records the encoding of the first views of a queue, `batch` at most and all of one size. */
  async #encodeNext(queue: ReadyImage[]): Promise<EncodedBatch> {
    const some: ReadyImage["waiting"] = [];
    const ended: EncodedImage[] = [];
    const first = queue.find(({ waiting }) => waiting.length > 0)?.waiting[0].view;
    const limit = first ? this.limit(first) : this.batch;
    const isAlike = ({ view }: ReadyImage["waiting"][number]) =>
      view.width === first!.width && view.height === first!.height;
    for (let head = queue[0]; head; head = queue[0]) {
      // Views of one batch have one size.
      const other = head.waiting.findIndex((each) => !isAlike(each));
      const alike = other < 0 ? head.waiting.length : other;
      some.push(...head.waiting.splice(0, Math.min(alike, limit - some.length)));
      if (head.waiting.length > 0) break;
      queue.shift();
      const { waiting: _, ...image } = head;
      ended.push(image);
    }
    const { backbone } = this;
    const views = some.map(({ view }) => view);
    // An engine beside the device runs each view by itself, so that none needs a full batch. Its views are not on the device.
    const apart = views.length > 0 && isApart(backbone);
    try {
      const features = apart ? await encodeViewsApart(backbone, views as View[], this) : this.run(views);
      return encodedBatch(
        features,
        some.map(({ seen }) => seen),
        ended,
      );
    } finally {
      freeViews(some);
    }
  }

  /** Runs the network. */
  protected run(views: readonly (View | DeviceView)[]): Features {
    return scope(() => {
      if (views.length > 0) return encodeViews(this.backbone, views, this);
      const { device, embedDim } = this.backbone;
      return {
        features: Tensor.empty(device, [0, embedDim]),
        taps: this.layouts.map((layout) => Tensor.empty(device, [0, patchesOf(layout), layout.width])),
        layouts: this.layouts,
      };
    });
  }
}

/**
 * An encoder whose batches all have the same size, filled up where there are fewer views: kernels are chosen by shape, so a
 * view's features then have the same bits in whatever company it was encoded.
 */
export class PaddedEncoder extends Encoder {
  protected override run(views: readonly (View | DeviceView)[]): Features {
    const length = views.length > 0 ? this.limit(views[0]) : 0;
    if (views.length === length) return super.run(views);
    const full = Array.from({ length }, (_, i) => views[Math.min(i, views.length - 1)]);
    return scope(() => {
      const { features, taps, layouts } = super.run(full);
      const own = (t: Tensor) => slice(t, [[0, views.length]]);
      return { features: own(features), taps: taps.map(own), layouts };
    });
  }
}
