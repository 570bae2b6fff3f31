import { TensorError } from "../errors.js";
import { isSoftware, nameOf } from "./caps.js";
import { adapterOfCard, cardsOfLinux, dawnNames, entry, nativeGpu } from "./dawn.js";

/**
 * Which adapter to open: the best one, a kind, its place in the list of `findAdapters` ("0", "1" ...), or any text contained in its name.
 */
export type AdapterChoice = "auto" | "hardware" | "software" | (string & {});

const KINDS = new Set(["auto", "hardware", "software"]);
/** A place in the list. Longer numbers are parts of names: "3090". */
const PLACE = /^\d{1,2}$/;

const WISHES: readonly GPURequestAdapterOptions[] = [
  { powerPreference: "high-performance" },
  { powerPreference: "low-power" },
  { forceFallbackAdapter: true },
];

/**
 * The adapters that match a choice, best first; empty where there is none. Of equal cards Dawn offers the first. On Linux the others are
 * found too where Mesa's layer for Vulkan is installed. `flags` are passed to Dawn.
 *
 * @example (await findAdapters()).forEach(({ info }, place) => console.log(place, info.description));
 */
export async function findAdapters(
  choice: AdapterChoice = "auto",
  flags: readonly string[] = [],
): Promise<GPUAdapter[]> {
  const found = await all(flags);
  return PLACE.test(choice) ? found.slice(+choice).slice(0, 1) : matching(found, choice);
}

/** Every adapter, hardware first. */
async function all(flags: readonly string[]): Promise<GPUAdapter[]> {
  const found = await offered(flags);
  if (nativeGpu()) return sorted(found);
  const names = await dawnNames();
  for (const name of new Set(names)) for (const other of await offered(flags, name)) add(found, other);
  const twice = names.filter((name, i) => names.indexOf(name) < i);
  if (twice.length === 0) return sorted(found);
  const cards: GPUAdapter[] = [];
  for (const card of await cardsOfLinux()) {
    const adapter = await adapterOfCard(card, flags);
    if (adapter) cards.push(adapter);
  }
  // What a card gives alone is what Dawn offers of it, or its equal.
  const apart = found.filter((one) => !cards.some((card) => nameOf(card.info) === nameOf(one.info)));
  return sorted([...cards, ...apart]);
}

/** The adapters that Dawn or the browser offers for a usual request, best first; with a name also those whose device has it. */
async function offered(flags: readonly string[], name?: string): Promise<GPUAdapter[]> {
  // Dawn's flag reaches adapters that it does not offer otherwise, but matches the device's name only.
  const gpus = [
    ...(name === undefined ? [] : [await entry([`adapter=${name}`, ...flags])]),
    await entry(flags),
  ];
  const found: GPUAdapter[] = [];
  for (const gpu of gpus) {
    for (const wish of WISHES) {
      const adapter = await gpu.requestAdapter(wish).catch(() => null);
      if (adapter) add(found, adapter);
    }
  }
  return found;
}

const add = (found: GPUAdapter[], adapter: GPUAdapter): void => {
  if (!found.some(({ info }) => nameOf(info) === nameOf(adapter.info))) found.push(adapter);
};

const sorted = (adapters: readonly GPUAdapter[]): GPUAdapter[] =>
  [...adapters].sort((a, b) => Number(isSoftware(a.info)) - Number(isSoftware(b.info)));

function matching(adapters: readonly GPUAdapter[], choice: AdapterChoice): GPUAdapter[] {
  if (choice === "auto") return sorted(adapters);
  if (choice === "hardware") return adapters.filter(({ info }) => !isSoftware(info));
  if (choice === "software") return adapters.filter(({ info }) => isSoftware(info));
  return adapters.filter(({ info }) => nameOf(info).toLowerCase().includes(choice.toLowerCase()));
}

/** The best adapter for a choice; `flags` are Dawn's. @throws TensorError `no-adapter`, saying how to get one. */
export async function chooseAdapter(
  choice: AdapterChoice = "auto",
  flags: readonly string[] = [],
): Promise<GPUAdapter> {
  const [adapter] = PLACE.test(choice)
    ? await findAdapters(choice, flags)
    : matching(await offered(flags, KINDS.has(choice) ? undefined : choice), choice);
  if (adapter) return adapter;
  const others = choice === "auto" ? [] : await findAdapters();
  if (others.length > 0) {
    throw new TensorError(
      "no-adapter",
      `WebGPU: no adapter matches "${choice}"; leave the choice out (or set INCTRL_ADAPTER=auto) to take one of: ` +
        others.map(({ info }, place) => `${place} ${info.description || info.device}`).join(", "),
    );
  }
  throw new TensorError(
    "no-adapter",
    "WebGPU: no adapter found; install a Vulkan driver (Debian and Ubuntu: mesa-vulkan-drivers and libvulkan1, on " +
      "Debian 12 from bookworm-backports), or update the GPU's driver",
  );
}
