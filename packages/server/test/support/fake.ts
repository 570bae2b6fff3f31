import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type CalibratedJudge,
  type Calibration,
  DecodePool,
  type FittedDetector,
  type ImageItem,
  type ImageSource,
  judgeOf,
} from "@inctrl/detect";
import { type Served, type ServeOptions, serve } from "../../src/serve/index.js";

/** What a fake device does with a picture: the score by its brightness, unless a test says otherwise. */
export interface FakeScoring {
  /** Called before each batch; its error is the device's. */
  before?: (batch: readonly ImageItem[]) => Promise<void> | void;
  score?: (brightness: number) => number;
}

/** Images of a fake batch. */
const BATCH = 4;

/** A detector without a network: the score of an image is its mean brightness, from 0 to 1. */
export function fakeDetector(scoring: FakeScoring): FittedDetector {
  const { before = () => {}, score = (brightness: number) => brightness } = scoring;
  const batches = async function* (images: ImageSource) {
    let items: { item: ImageItem; error?: Error; brightness: number }[] = [];
    const next = async () => {
      const batch = items;
      items = [];
      await (scoring.before ?? before)(batch.map(({ item }) => item));
      const good = batch.filter(({ error }) => !error);
      const place = (item: ImageItem) => batch.findIndex((each) => each.item === item) + number;
      const result = {
        views: good.map(({ item }) => ({ image: place(item), symmetry: 0, tile: 0, box: BOX, of: BOX })),
        ended: batch.map(({ item, error }) => ({ image: place(item), item, error })),
        finite: async () => good.map(() => true),
        brightness: good.map(({ brightness }) => brightness),
        dispose() {},
      };
      number += batch.length;
      return result;
    };
    let number = 0;
    for await (const item of images) {
      try {
        const { data } = await item.load();
        const sum = (data as Uint8Array).reduce((total, value) => total + value, 0);
        items.push({ item, brightness: sum / data.length / 255 });
      } catch (error) {
        items.push({ item, error: error as Error, brightness: 0 });
      }
      if (items.length === BATCH) yield await next();
    }
    if (items.length > 0) yield await next();
  };
  const map = { rows: 1, columns: 2 };
  return {
    detector: { name: "brightness", encoder: { encode: batches, fit: "crop", layouts: [{ columns: 2 }] } },
    prompts: [{ name: "good.png", sha256: null, views: 1 }],
    reading: { orientation: "ignore", window: "full" },
    score: async ({ brightness }: { brightness: number[] }) =>
      brightness.map((value) => ({
        ...{ score: (scoring.score ?? score)(value), parts: {}, matches: null },
        map: { ...map, values: Float32Array.of(value, 0) },
      })),
    dispose() {},
    [Symbol.dispose]() {},
  } as unknown as FittedDetector;
}

const BOX = { x: 0, y: 0, width: 8, height: 8 };

/** Good parts have scores up to 0.5, which is the line. */
const CALIBRATION: Calibration = {
  ...{ version: 1, alpha: 0.1, review: 0.1, settings: {} },
  images: [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5].map((score) => ({
    ...{ name: `${score}`, sha256: null, part: `${score}`, score, peak: score },
  })),
};
const JUDGE = judgeOf(CALIBRATION);

/** The same, where the good parts are the prompts. */
export const HINT = judgeOf({ ...CALIBRATION, hint: true });

export interface FakeService extends FakeScoring {
  /** Engines that were opened. */
  opened?: number;
  /** What opening the next engine fails with. */
  refuse?: Error;
  /** What judges instead of good parts up to 0.5. */
  judge?: CalibratedJudge | null;
  /** Threads that draw. */
  pool?: DecodePool;
}

/** The error with which such a service does not start; null where it does, and is closed again. */
export const startFailure = (...of: Parameters<typeof fakeService>) =>
  fakeService(...of).then(
    async (served) => {
      await served.close();
      return null;
    },
    (error) => error,
  );

/** A service on a free port with products a and b, whose device is `fake`. */
export async function fakeService(
  folder: string,
  fake: FakeService,
  more: Partial<ServeOptions> = {},
): Promise<Served & { readonly lines: string[] }> {
  const products = path.join(folder, "products");
  mkdirSync(products, { recursive: true });
  for (const name of ["a", "b"]) writeFileSync(path.join(products, `${name}.bank.safetensors`), name);
  const lines: string[] = [];
  const served = await serve({
    ...{ products, version: "1.0.0", page: null, host: "127.0.0.1", port: 0, withoutToken: false },
    ...{ maxPixels: 1e6, keepBytes: 1e6, bodyLimit: 100_000, maxConnections: 200 },
    ...{ admission: { requests: 32, bytes: 1e6 }, timeoutMs: 5000, stallMs: 5000, pollMs: 50 },
    ...{ requestTimeoutMs: 5000, pressure: { delayMs: 2000, sampleMs: 5000 } },
    log: (line) => lines.push(line),
    describe: (error) => String(error),
    async openEngine() {
      if (fake.refuse) throw fake.refuse;
      fake.opened = (fake.opened ?? 0) + 1;
      return {
        ...{ backbone: "fake", model: "model", adapter: "none", pool: fake.pool ?? new DecodePool(0) },
        open: async () => ({
          fitted: fakeDetector(fake),
          judge: fake.judge === undefined ? JUDGE : fake.judge,
          about: { version: 1, last: null, known: new Set<string>(), learntAs: "calibration" as const },
          learn: async () => {
            throw new Error("this fake learns nothing");
          },
          [Symbol.dispose]() {},
        }),
        close() {},
      };
    },
    ...more,
  });
  return { ...served, lines };
}
