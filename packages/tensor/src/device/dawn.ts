import { TensorError } from "../errors.js";

/**
 * Dawn's entry objects. They must stay referenced for the life of the process: if one is collected while a device is
 * open, the process crashes at random.
 */
const entries = new Map<string, GPU>();

/**
 * Protections of Dawn for untrusted pages that are switched off. Clearing each buffer before its first use takes one thread
 * on software adapters, and no kernel reads what none has written: pooled buffers hold old values anyway. Timestamps are
 * otherwise rounded to 0.1 ms.
 */
const FLAGS = ["disable-dawn-features=lazy_clear_resource_on_first_use,timestamp_quantization"];

/** Shows adapters with features that WebGPU does not have yet. */
export const EXPERIMENTAL: readonly string[] = ["enable-dawn-features=allow_unsafe_apis"];

/** A browser's `navigator.gpu`; undefined in Node. */
export const nativeGpu = (): GPU | undefined => (globalThis.navigator as Navigator | undefined)?.gpu;

/** `navigator.gpu` where there is one, else Dawn through the npm package `webgpu`. `card` names the entry of one card. */
export async function entry(flags: readonly string[] = [], card = ""): Promise<GPU> {
  const native = nativeGpu();
  if (native) return native;
  const key = [card, ...flags].join(" ");
  const known = entries.get(key);
  if (known) return known;
  // A variable as the name, so that browser bundlers do not bundle the Node package.
  const packageName = "webgpu";
  let dawn: { create(flags: string[]): GPU };
  try {
    dawn = await import(packageName);
  } catch (cause) {
    throw new TensorError(
      "no-webgpu",
      "WebGPU: neither navigator.gpu nor the npm package `webgpu` is here; run `npm install webgpu`, " +
        "or open the page in a browser with WebGPU",
      { cause },
    );
  }
  const gpu = dawn.create([...FLAGS, ...flags]);
  entries.set(key, gpu);
  return gpu;
}

/** A name that no adapter has. */
const NONE = "\u0001";

/** The names of all adapters that Dawn sees, equal ones as often as there are; it tells them where it is asked for one that is not there. */
export async function dawnNames(card = ""): Promise<string[]> {
  const gpu = await entry([`adapter=${NONE}`], card);
  const answer = await asCard(card, () => gpu.requestAdapter()).then(
    () => "",
    (error) => String(error?.message ?? error),
  );
  return [...answer.matchAll(/ \* backend: '[^']*', name: '(.*)'$/gm)].map(([, name]) => name);
}

/**
 * The best adapter of one card alone, null where it cannot be had alone. Dawn takes the first of equal adapters; Mesa's layer for Vulkan,
 * which `mesa-vulkan-drivers` brings, hides all others.
 *
 * @param card "pci-0000_03_00_0".
 */
export async function adapterOfCard(card: string, flags: readonly string[] = []): Promise<GPUAdapter | null> {
  if ((await dawnNames(card)).length !== 1) return null;
  const gpu = await entry(flags, card);
  return asCard(card, () => gpu.requestAdapter({ powerPreference: "high-performance" })).catch(() => null);
}

/** Calls what makes Dawn look for adapters, which it does before it returns, while the layer is told of a card. */
function asCard<T>(card: string, look: () => Promise<T>): Promise<T> {
  if (card === "") return look();
  const { env } = process;
  const before = env.DRI_PRIME;
  env.DRI_PRIME = `${card}!`;
  try {
    return look();
  } finally {
    if (before === undefined) delete env.DRI_PRIME;
    else env.DRI_PRIME = before;
  }
}

/** The graphics cards on a Linux machine's PCI bus, as the layer names them; none elsewhere. `folder` is where the kernel lists them. */
export async function cardsOfLinux(folder = "/sys/class/drm"): Promise<string[]> {
  // A variable as the name, as above.
  const files = "node:fs/promises";
  const { readdir, readlink } = await import(files);
  const names: string[] = await readdir(folder).catch(() => []);
  const nodes = names.filter((name) => /^renderD\d+$/.test(name)).sort();
  const links: string[] = await Promise.all(
    nodes.map((name) => readlink(`${folder}/${name}/device`).catch(() => "")),
  );
  return links.flatMap((link) => {
    const address = /([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])$/.exec(link);
    return address ? [`pci-${address.slice(1).join("_")}`] : [];
  });
}
