import { createHash } from "node:crypto";
import { type Fit, type PreparedImage, prepareImage } from "@inctrl/clip";
import type { Raster, Sample } from "@inctrl/datasets";
import { f32ToF16, normalize, scope, stack } from "@inctrl/tensor";
import type { Backbone } from "../backbone/backbone.js";
import { InctrlError } from "../errors.js";
import { ContentHasher } from "../images/sample-hash.js";
import { symmetricView } from "../images/symmetries.js";
import { encodeViews } from "./encode.js";
import {
  FeatureCache,
  type FeatureRecipe,
  featureBytes,
  featureRecipe,
  type ImageFeatures,
} from "./feature-cache.js";
import { RecentlyUsed } from "./lru.js";

export interface FeatureStoreOptions {
  /** How images become square. Tiles are not for training: a label belongs to a whole image. */
  fit?: Exclude<Fit, "tile">;
  /** Tapped blocks, counted from 1; by default the backbone's own. */
  blocks?: readonly number[];
  /** Bytes of patch tokens kept in memory. Default 512 MiB. */
  memory?: number;
  /** Images encoded together, always as many: filled up where there are fewer, so that values never depend on it. Default 8. */
  batch?: number;
}

export interface AddOptions {
  /** Told of images done, of images in all, and of how many were encoded now. */
  onProgress?: (done: number, total: number, encoded: number) => void;
  /** Told of a sample that cannot be read, which is then left out. Without it such a sample is an error. */
  onSkip?: (sample: Sample, error: Error) => void;
  /** In how many symmetries of the square each is taken in; see `turned`. Default 1, as it is. */
  turns?: 1 | 8;
  signal?: AbortSignal;
}

/** Pictures held between their hash and their encoding. */
const DRAWN_BYTES = 64 * 2 ** 20;

/** A sample in one of the symmetries of its square, 0 as it is. */
interface Turned {
  readonly sample: Sample;
  readonly turn: number;
}

interface NewImage extends Turned {
  readonly key: string;
  /** sha256 of what the sample shows, and its turn. */
  readonly content: string;
}

interface StoredImage extends NewImage {
  readonly feature: Float32Array;
}

/**
 * The features of all images of a run, by number: encoded once, kept on disk, class features also in memory. Samples of equal
 * content are one image.
 *
 * @example
 * const store = new FeatureStore(backbone, await FeatureCache.open("cache"));
 * const numbers = await store.add(category.train);
 */
export class FeatureStore {
  readonly backbone: Backbone;
  readonly cache: FeatureCache;
  readonly fit: Exclude<Fit, "tile">;
  readonly recipe: FeatureRecipe;
  readonly #batch: number;
  readonly #hasher = new ContentHasher();
  readonly #images: StoredImage[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #patches: RecentlyUsed<number, Uint16Array>;
  readonly #drawn = new RecentlyUsed<Sample, Raster>(DRAWN_BYTES, ({ data }) => data.byteLength);

  constructor(backbone: Backbone, cache: FeatureCache, options: FeatureStoreOptions = {}) {
    const { fit = "crop", blocks, memory = 512 * 2 ** 20, batch = 8 } = options;
    this.backbone = backbone;
    this.cache = cache;
    this.fit = fit;
    this.#batch = batch;
    this.recipe = featureRecipe(backbone, fit, blocks);
    this.#patches = new RecentlyUsed(memory, (patches) => patches.byteLength);
  }

  /** How many images there are. */
  get size(): number {
    return this.#images.length;
  }

  /** The class feature of an image, [embedDim]. */
  feature(image: number): Float32Array {
    return this.#images[image].feature;
  }

  content(image: number): string {
    return this.#images[image].content;
  }

  /** An image, and itself in the other symmetries that it was taken in with. */
  turned(image: number, turns: number): number[] {
    const { content } = this.#images[image];
    return Array.from({ length: turns }, (_, turn) => this.#numbers.get(contentOf(content, turn)) as number);
  }

  /** The patch tokens of an image, float16 bits [blocks, patches, width]; encoded again should its file be gone. */
  async patches(image: number): Promise<Uint16Array> {
    const held = this.#patches.get(image);
    if (held) return held;
    const { key, ...shown } = this.#images[image];
    let patches = await this.cache.readPatches(key, this.recipe);
    if (!patches) {
      const [features] = await this.#encode([await this.#prepare(shown)]);
      await this.cache.write(key, this.recipe, features);
      patches = features.patches;
    }
    this.#patches.set(image, patches);
    return patches;
  }

  /**
   * Takes samples in: reads their features from the cache, and encodes those that are not there.
   *
   * @returns each sample's image; null for those skipped.
   * @throws InctrlError `training` where the cache's limit is too small for all images; ImageError where one cannot be read
   * and there is no `onSkip`.
   */
  async add(samples: readonly Sample[], options: AddOptions = {}): Promise<(number | null)[]> {
    const { onSkip, turns = 1 } = options;
    const skipped = new Set<Sample>();
    const skip = (sample: Sample, error: unknown) => {
      if (!onSkip) throw error;
      if (!skipped.has(sample)) onSkip(sample, error as Error);
      skipped.add(sample);
      return null;
    };
    const contents: (string | null)[] = [];
    const wanted = new Map<string, Turned>();
    for (const sample of samples) {
      options.signal?.throwIfAborted();
      const hash = this.#hasher.hash(sample, () => this.#load(sample));
      const content = await hash.catch((error) => skip(sample, error));
      contents.push(content);
      if (content === null) continue;
      for (let turn = 0; turn < turns; turn++) {
        const turned = contentOf(content, turn);
        if (!this.#numbers.has(turned)) wanted.set(turned, { sample, turn });
      }
    }
    this.#checkLimit(this.size + wanted.size);
    try {
      // All that is there is marked as used before anything is written: writing may drop what is oldest.
      const missing = await this.#findStored(wanted, options);
      await this.#encodeAll(missing, wanted.size, skip, options);
    } finally {
      this.#drawn.clear();
    }
    return contents.map((content) => (content === null ? null : (this.#numbers.get(content) ?? null)));
  }

  /** Takes in what the cache holds, and returns the rest. */
  async #findStored(
    wanted: ReadonlyMap<string, Turned>,
    { onProgress, signal }: AddOptions,
  ): Promise<NewImage[]> {
    const missing: NewImage[] = [];
    let done = 0;
    for (const [content, shown] of wanted) {
      signal?.throwIfAborted();
      const key = FeatureCache.key(this.recipe, content);
      const feature = await this.cache.readFeature(key, this.recipe);
      if (!feature) {
        missing.push({ ...shown, key, content });
        continue;
      }
      this.#hold({ ...shown, key, content, feature });
      onProgress?.(++done, wanted.size, 0);
    }
    return missing;
  }

  /** Encodes images a batch at a time, of which the next is decoded while the device works. */
  async #encodeAll(
    images: readonly NewImage[],
    total: number,
    skip: (sample: Sample, error: unknown) => null,
    { onProgress, signal }: AddOptions,
  ): Promise<void> {
    const prepareFrom = async (at: number) => {
      const some = images.slice(at, at + this.#batch);
      const views = some.map((image) => this.#prepare(image).catch((error) => skip(image.sample, error)));
      return (await Promise.all(views)).flatMap((view, i) => (view ? [{ image: some[i], view }] : []));
    };
    let next = prepareFrom(0);
    for (let at = 0; at < images.length; at += this.#batch) {
      signal?.throwIfAborted();
      const ready = await next;
      next = prepareFrom(at + this.#batch);
      // A failure is told when its turn comes.
      next.catch(() => {});
      const encoded = await this.#encode(ready.map(({ view }) => view));
      for (const [i, { image }] of ready.entries()) {
        await this.cache.write(image.key, this.recipe, encoded[i]);
        this.#patches.set(this.#hold({ ...image, feature: encoded[i].feature }), encoded[i].patches);
      }
      const done = Math.min(at + this.#batch, images.length);
      onProgress?.(total - images.length + done, total, done);
    }
  }

  #hold(image: StoredImage): number {
    this.#images.push(image);
    this.#numbers.set(image.content, this.#images.length - 1);
    return this.#images.length - 1;
  }

  /** A sample without a file is drawn for its hash already, and need not be drawn again. */
  async #load(sample: Sample): Promise<Raster> {
    const drawn = this.#drawn.get(sample);
    if (drawn) return drawn;
    const raster = await sample.load();
    if (!sample.source) this.#drawn.set(sample, raster);
    return raster;
  }

  async #prepare({ sample, turn }: Turned): Promise<PreparedImage> {
    const [view] = prepareImage(await this.#load(sample), this.backbone.config.preprocess, this.fit);
    return symmetricView(view, turn);
  }

  /** Encodes images in a batch of a fixed size: kernels are chosen by shape, and must not choose differently by company. */
  async #encode(views: readonly PreparedImage[]): Promise<ImageFeatures[]> {
    if (views.length === 0) return [];
    const { recipe, backbone } = this;
    const full = Array.from({ length: this.#batch }, (_, i) => views[Math.min(i, views.length - 1)]);
    const made = scope(() => {
      const { features, taps } = encodeViews(backbone, full, recipe.blocks);
      return { features, patches: stack(taps.map(normalize), 1) };
    });
    try {
      const [patches, features] = (await Promise.all([made.patches.data(), made.features.data()])) as [
        Float32Array,
        Float32Array,
      ];
      const size = patches.length / this.#batch;
      return views.map((_, i) => ({
        patches: f32ToF16(patches.subarray(i * size, (i + 1) * size)),
        feature: features.slice(i * recipe.embedDim, (i + 1) * recipe.embedDim),
      }));
    } finally {
      made.patches.dispose();
      made.features.dispose();
    }
  }

  #checkLimit(images: number): void {
    const needed = images * (featureBytes(this.recipe) + HEADER_BYTES);
    if (needed <= this.cache.limit) return;
    const size = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
    throw new InctrlError(
      "training",
      `the features of ${images} images take ${size(needed)} and the cache may hold ${size(this.cache.limit)}; ` +
        "raise --cache-limit or train on fewer images",
    );
  }
}

/** The content of a turned image. */
const contentOf = (content: string, turn: number): string =>
  turn === 0 ? content : createHash("sha256").update(`${content} turned ${turn}`).digest("hex");

/** The most that a feature file has beside its values. */
const HEADER_BYTES = 512;
