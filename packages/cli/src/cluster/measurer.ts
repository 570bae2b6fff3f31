import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterError } from "@inctrl/cluster";
import type { Backbone } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { openComparison, type TableSettings } from "../benchmark/chosen.js";
import type { NamedSet } from "../benchmark/data.js";
import type { Entry } from "../benchmark/entries.js";
import { measureBackbone, storePath } from "../benchmark/measure.js";
import type { BenchmarkSettings } from "../benchmark/options.js";
import { adapterName, withDevice } from "../device.js";
import { loadBackbone } from "../score/model.js";
import { warn } from "../ui/log.js";
import { checkVersion, type WithScorer } from "./scorer.js";
import { DRAWS, jobsOf, settingsOf } from "./table-run.js";

/** What of a machine a benchmark uses. */
type Machine = Partial<Pick<BenchmarkSettings, "device" | "threads" | "cache" | "cacheLimit">>;

/** Fitting a method, or reading a large category for its hashes, tells nothing for minutes. */
const QUIET_MS = 900_000;

/** The line of a category: the text of each entry's file of draws, by the entry's name in names of files. */
export interface CategoryRow {
  readonly image: string;
  readonly draws: Readonly<Record<string, string>>;
}

/** Measures the categories of a benchmark's run, whose data it opens. */
export const withMeasurer: WithScorer<Machine> = async ({ store, run }, machine, _signal, job) => {
  checkVersion(store, run);
  const { device: _, threads, cache, cacheLimit } = machine;
  const settings = { ...settingsOf(run), threads, cache, ...(cacheLimit !== undefined && { cacheLimit }) };
  const { entries, sets } = await openComparison(settings);
  const jobs = jobsOf(sets);
  return await withDevice(machine.device, async (device) => {
    using networks = new Networks(device, settings);
    return await job({
      ...{ model: DRAWS, device: adapterName(device.caps), quietMs: QUIET_MS },
      async *score(names, onBeat) {
        for await (const image of names) {
          const dataSet = jobs.get(image);
          if (!dataSet)
            throw new ClusterError(
              "run",
              `${store.where}: ${image} is not among the data here; give this machine the data of the run`,
            );
          const draws = await drawsOf(dataSet, entries, { settings, networks, onBeat });
          const row: CategoryRow = { image, draws };
          yield { image, line: JSON.stringify(row) };
        }
      },
    });
  });
};

/** Measures all entries on a category: every K and seed of one machine, so that images are encoded once. */
async function drawsOf(
  dataSet: NamedSet,
  entries: readonly Entry[],
  { settings, networks, onBeat }: { settings: TableSettings; networks: Networks; onBeat: () => void },
): Promise<Record<string, string>> {
  const out = await mkdtemp(join(tmpdir(), "inctrl-category-"));
  // A job is done or not: a worker that is told to stop ends it first.
  const { signal } = new AbortController();
  try {
    for (const name of new Set(entries.map(({ backbone }) => backbone))) {
      const backbone = await networks.open(name);
      onBeat();
      const own = entries.filter((entry) => entry.backbone === name);
      await measureBackbone(backbone, own, [dataSet], { ...settings, out, onBeat, drawsOnly: true }, signal);
    }
    const texts = entries.map(async (entry) => [
      entry.fileName,
      await readFile(storePath(out, dataSet.name, entry), "utf8"),
    ]);
    return Object.fromEntries(await Promise.all(texts));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Keeps the network that was opened last: most benchmarks have one, and the next category needs it too. */
class Networks implements Disposable {
  readonly #device: Device;
  readonly #settings: TableSettings;
  #held: { readonly name: string; readonly backbone: Backbone } | null = null;

  constructor(device: Device, settings: TableSettings) {
    this.#device = device;
    this.#settings = settings;
  }

  async open(name: string): Promise<Backbone> {
    if (this.#held?.name === name) return this.#held.backbone;
    this[Symbol.dispose]();
    const backbone = await loadBackbone(this.#device, { ...this.#settings, backbone: name }, warn);
    this.#held = { name, backbone };
    return backbone;
  }

  [Symbol.dispose](): void {
    this.#held?.backbone[Symbol.dispose]();
    this.#held = null;
  }
}
