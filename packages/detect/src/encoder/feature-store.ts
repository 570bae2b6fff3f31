import type { Fit } from "@inctrl/clip";
import { grouped, ImageError, type Raster } from "@inctrl/datasets";
import { f16ToF32 } from "@inctrl/tensor";
import type { Backbone } from "../backbone/backbone.js";
import { notFinite } from "../errors.js";
import type { TensorCache } from "../files/tensor-cache.js";
import type { Augmentation } from "../images/augmentation.js";
import { SourceReader } from "../images/read-source.js";
import { fileOf, hashOnce, partHash, pixelHash, symmetryHash } from "../images/sample-hash.js";
import { type ImageItem, naming } from "../images/source.js";
import { byteCache } from "./byte-cache.js";
import { type Encoder, type EncoderOptions, PaddedEncoder } from "./encoder.js";
import { type ImageFeatures, readFeatures } from "./image-features.js";
import { checkLimit, type FeatureRecipe, featureKey, featureLayout } from "./recipe.js";

export interface FeatureStoreOptions extends Omit<EncoderOptions, "fit"> {
  /** How images become square. Tiles have no place here: a label belongs to a whole image. */
  fit?: Exclude<Fit, "tile" | "whole">;
  /** Bytes of patch tokens kept in memory. Default 512 MiB. */
  memory?: number;
}

export interface AddOptions<T extends ImageItem = ImageItem> {
  /** Told of images done, of images in all, and of how many of them were encoded now. */
  onProgress?: (done: number, total: number, encoded: number) => void;
  /** Told of an image that cannot be read, which is then left out. Without it such an image is an error. */
  onSkipped?: (item: T, error: Error) => void;
  /** Number of symmetries of the square that each image is stored in; see `inSymmetries`. Default 1, as it is. */
  symmetries?: number;
  /** What they are of, where not the square's symmetries. */
  augmentation?: Augmentation;
  signal?: AbortSignal;
}

/** Bytes of images held between hashing and encoding. */
const LOADED_BYTES = 64 * 2 ** 20;

/** Images that are always encoded together. */
const BATCH = 8;

/** What an image shows, by hash: its pixels must be decoded from bytes of this hash. */
interface Content {
  readonly hash: string;
  /** Of its file; absent where the pixels are hashed. */
  readonly sha256?: string;
}

interface Shown {
  readonly item: ImageItem;
  readonly content: Content;
  readonly symmetry: number;
  /** Its hash, with the symmetry in it. */
  readonly hash: string;
}

interface StoredImage extends Shown {
  readonly key: string;
  readonly feature: Float32Array;
}

/**
 * The features of all images of a run, by number: encoded once, kept on disk, class features also in memory. Images with equal
 * hashes are one image. An image that changes between its hash and its decoding is refused: features are always those of the hash.
 *
 * @example
 * const store = new FeatureStore(backbone, await TensorCache.open("cache"));
 * const numbers = await store.add(category.train);
 */
export class FeatureStore {
  readonly cache: TensorCache;
  readonly fit: Exclude<Fit, "tile" | "whole">;
  /** Hashes of the files, each read once: a file that changes afterwards is refused. */
  readonly hashOf = hashOnce();
  readonly #encoder: Encoder;
  readonly #images: StoredImage[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #patches;
  readonly #reader = new SourceReader();
  readonly #loaded = byteCache<ImageItem, Raster>(LOADED_BYTES, ({ data }) => data.byteLength);

  /** @throws DetectError as `Encoder`. */
  constructor(backbone: Backbone, cache: TensorCache, options: FeatureStoreOptions = {}) {
    const { fit = "crop", memory = 512 * 2 ** 20, batch = BATCH } = options;
    this.cache = cache;
    this.fit = fit;
    this.#encoder = new PaddedEncoder(backbone, { ...options, fit, batch });
    this.#patches = byteCache<number, ImageFeatures["patches"]>(memory, ({ byteLength }) => byteLength);
  }

  get backbone(): Backbone {
    return this.#encoder.backbone;
  }

  get recipe(): FeatureRecipe {
    return this.#encoder.recipe;
  }

  /** What encodes the images that the cache lacks. */
  get encoder(): Encoder {
    return this.#encoder;
  }

  get size(): number {
    return this.#images.length;
  }

  /** The class feature of an image, [embedDim]. */
  feature(image: number): Float32Array {
    return this.#images[image].feature;
  }

  hash(image: number): string {
    return this.#images[image].hash;
  }

  /** The numbers of an image in its first symmetries, which it must have been added with. */
  inSymmetries(image: number, symmetries: number, augmentation?: Augmentation): number[] {
    const { hash } = this.#images[image];
    return Array.from(
      { length: symmetries },
      (_, symmetry) => this.#numbers.get(symmetryHash(hash, symmetry, augmentation)) as number,
    );
  }

  /** The patch tokens of an image, tap by tap, each [patches, width]. They are encoded again where their file is gone. */
  async tokens(image: number): Promise<Float32Array> {
    const kept = await this.#kept(image);
    return kept instanceof Float32Array ? kept : f16ToF32(kept);
  }

  async #kept(image: number): Promise<ImageFeatures["patches"]> {
    const held = this.#patches.get(image);
    if (held) return held;
    const stored = this.#images[image];
    const bytes = await this.cache.read(stored.key, featureLayout(this.recipe), "patches");
    const { raw } = this.recipe;
    let patches = bytes && (raw ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer));
    if (!patches) {
      for await (const { features } of this.#encode([stored])) {
        await this.#keep(stored.key, features);
        patches = features.patches;
      }
    }
    this.#patches.set(image, patches!);
    return patches!;
  }

  async #keep(key: string, { patches, feature }: ImageFeatures): Promise<void> {
    const layout = featureLayout(this.recipe);
    await this.cache.write(key, {
      patches: { ...layout.patches, data: patches },
      feature: { ...layout.feature, data: feature },
    });
  }

  /**
   * Adds images: reads their features from the cache, and encodes those that are not there.
   *
   * @returns each image's number; null for those skipped.
   * @throws DetectError `cache-limit` where the cache cannot hold all images; ImageError where an image cannot be read and
   * there is no `onSkipped`.
   */
  async add<T extends ImageItem>(
    items: readonly T[],
    options: AddOptions<T> = {},
  ): Promise<(number | null)[]> {
    const { onSkipped, symmetries = 1, augmentation, signal, onProgress } = options;
    const skipped = new Set<ImageItem>();
    const skip = (item: ImageItem, error: Error) => {
      if (!onSkipped) throw error;
      if (!skipped.has(item)) onSkipped(item as T, error);
      skipped.add(item);
      return null;
    };
    const hashes: (string | null)[] = [];
    const wanted = new Map<string, Shown>();
    for (const item of items) {
      signal?.throwIfAborted();
      const content = await this.#contentOf(item).catch((error) => skip(item, naming(item, error) as Error));
      hashes.push(content === null ? null : content.hash);
      if (content === null) continue;
      for (let symmetry = 0; symmetry < symmetries; symmetry++) {
        const own = symmetryHash(content.hash, symmetry, augmentation);
        if (!this.#numbers.has(own)) wanted.set(own, { item, content, symmetry, hash: own });
      }
    }
    checkLimit(this.recipe, this.size + wanted.size, this.cache.limit);
    try {
      // All that is there is marked as used before anything is written: writing may remove the oldest files.
      const missing = await this.#readStored(wanted, options);
      let encoded = 0;
      const report = () => onProgress?.(wanted.size - missing.length + encoded, wanted.size, encoded);
      for await (const { shown, features } of this.#encode(missing, skip, signal)) {
        const key = featureKey(this.recipe, shown.hash);
        await this.#keep(key, features);
        const { feature, patches } = features;
        this.#patches.set(this.#hold({ ...shown, key, feature }), patches);
        encoded++;
        report();
      }
      signal?.throwIfAborted();
    } finally {
      this.#loaded.clear();
    }
    return hashes.map((hash) => (hash === null ? null : (this.#numbers.get(hash) ?? null)));
  }

  /** Takes over what the cache holds, and returns the rest. */
  async #readStored(
    wanted: ReadonlyMap<string, Shown>,
    { onProgress, signal }: Pick<AddOptions, "onProgress" | "signal">,
  ): Promise<Shown[]> {
    const missing: Shown[] = [];
    let done = 0;
    for (const shown of wanted.values()) {
      signal?.throwIfAborted();
      const key = featureKey(this.recipe, shown.hash);
      const bytes = await this.cache.read(key, featureLayout(this.recipe), "feature");
      if (!bytes) missing.push(shown);
      else {
        this.#hold({ ...shown, key, feature: new Float32Array(bytes.buffer) });
        onProgress?.(++done, wanted.size, 0);
      }
    }
    return missing;
  }

  /** Encodes images in their symmetries; those of one image are decoded once. */
  async *#encode(
    images: readonly Shown[],
    skip?: (item: ImageItem, error: Error) => null,
    signal?: AbortSignal,
  ): AsyncGenerator<{ shown: Shown; features: ImageFeatures }> {
    const groups = [...grouped(images, ({ item }) => [item])];
    const source = groups.map(([item, shown]) => ({
      ...item,
      source: item.source && { ...item.source, sha256: shown[0].content.sha256 },
      load: () => this.#load(item, shown[0].content),
      symmetries: shown.map(({ symmetry }) => symmetry),
    }));
    for await (const batch of this.#encoder.encode(source, { signal, places: false })) {
      const [encoded, finite] = await Promise.all([
        readFeatures(batch, this.recipe.raw),
        batch.finite(),
      ]).finally(batch.dispose);
      const refuse = (image: number, error: Error) => {
        if (!skip) throw error;
        skip(groups[image][0], error);
      };
      for (const { image, error } of batch.ended) if (error) refuse(image, error);
      for (const [i, { image, symmetry }] of batch.views.entries()) {
        if (!finite[i]) {
          refuse(image, notFinite(groups[image][0].id, "features"));
          continue;
        }
        const shown = groups[image][1].find((each) => each.symmetry === symmetry) as Shown;
        yield { shown, features: encoded[i] };
      }
    }
  }

  #hold(image: StoredImage): number {
    this.#images.push(image);
    this.#numbers.set(image.hash, this.#images.length - 1);
    return this.#images.length - 1;
  }

  async #contentOf(item: ImageItem): Promise<Content> {
    const file = fileOf(item);
    if (!file) {
      const raster = await item.load();
      this.#loaded.set(item, raster);
      return { hash: pixelHash(raster) };
    }
    const sha256 = await this.hashOf(file.path);
    return { hash: await partHash(sha256, file, item.reading), sha256 };
  }

  /** The image of a hash. One without a file of its own was loaded for its hash already. */
  async #load(item: ImageItem, { hash, sha256 }: Content): Promise<Raster> {
    const file = fileOf(item);
    if (file) return this.#reader.read({ ...file, reading: item.reading, sha256 });
    const held = this.#loaded.get(item);
    if (held) return held;
    const raster = await item.load();
    if (pixelHash(raster) === hash) return raster;
    throw new ImageError("changed", item.id, "its pixels changed", "run again when nothing writes to it");
  }
}
