import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Category, type DataSet, encodePng, type Sample } from "../../src/index.js";

/** Writes files by their paths in `dir`. */
export async function write(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
}

/** A gray PNG; `value` is its shade, or tells it by pixel. */
export function gray(
  width: number,
  height: number,
  value: number | ((x: number, y: number) => number) = 0,
): Uint8Array {
  const shade = typeof value === "number" ? () => value : value;
  const data = Uint8Array.from({ length: width * height }, (_, p) => shade(p % width, Math.floor(p / width)));
  return encodePng({ width, height, data });
}

/** How many normal and anomalous samples there are. */
export function counts(samples: readonly Sample[]): [normal: number, anomalous: number] {
  const anomalous = samples.filter(({ label }) => label === 1).length;
  return [samples.length - anomalous, anomalous];
}

export const ids = (samples: readonly Sample[]): string[] => samples.map(({ id }) => id);

/** The one category of a set. */
export function only({ categories }: DataSet): Category {
  if (categories.length !== 1) throw new Error(`${categories.length} categories where one is expected`);
  return categories[0];
}

/** A set that lies in memory: one category for each name, each with so many samples of one gray pixel. */
export function setOf(
  names: readonly string[],
  { train, good, bad }: { train: number; good: number; bad: number },
): DataSet {
  let shade = 0;
  const samples = (category: string, part: string, kind: string, count: number): Sample[] =>
    Array.from({ length: count }, (_, i) => {
      const data = Uint8Array.of(shade++);
      const label = kind === "good" ? 0 : 1;
      const id = `${category}/${part}/${kind}/${String(i).padStart(3, "0")}`;
      const mask = async () => ({ width: 1, height: 1, data: Uint8Array.of(255) });
      return {
        id,
        label,
        kind,
        load: async () => ({ width: 1, height: 1, mode: "L", data }),
        ...(label && { mask }),
      };
    });
  const categories = names.map((name) => ({
    name,
    className: name,
    train: samples(name, "train", "good", train),
    test: [...samples(name, "test", "good", good), ...samples(name, "test", "dent", bad)],
  }));
  return { name: "memory", categories, skipped: [] };
}
