import { TensorError } from "../errors.js";
import { isSoftware, nameOf } from "./caps.js";

/** Which adapter to open: the best one, a kind, or any text contained in its name. */
export type AdapterChoice = "auto" | "hardware" | "software" | (string & {});

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

const KINDS = new Set(["auto", "hardware", "software"]);

/** `navigator.gpu` where there is one, else Dawn through the npm package `webgpu`. */
async function entry(flags: string[] = []): Promise<GPU> {
  const native = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (native) return native;
  const key = flags.join(" ");
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

/** The adapters that match a choice, best first; empty where there is none. */
export async function findAdapters(choice: AdapterChoice = "auto"): Promise<GPUAdapter[]> {
  const named = !KINDS.has(choice);
  // Dawn's flag reaches adapters that it does not offer otherwise, but matches the device's name only.
  const gpus = named ? [await entry([`adapter=${choice}`]), await entry()] : [await entry()];
  const wishes: GPURequestAdapterOptions[] = [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ];
  const found: GPUAdapter[] = [];
  for (const gpu of gpus) {
    for (const wish of wishes) {
      const adapter = await gpu.requestAdapter(wish).catch(() => null);
      if (adapter && !found.some((other) => nameOf(other.info) === nameOf(adapter.info))) found.push(adapter);
    }
  }
  const rank = (a: GPUAdapter) => Number(isSoftware(a.info));
  if (choice === "hardware") return found.filter((a) => !isSoftware(a.info));
  if (choice === "software") return found.filter((a) => isSoftware(a.info));
  if (named) {
    return found.filter((a) => nameOf(a.info).toLowerCase().includes(choice.toLowerCase()));
  }
  return found.sort((a, b) => rank(a) - rank(b));
}

/** The best adapter for a choice. @throws TensorError `no-adapter`, saying how to get one. */
export async function chooseAdapter(choice: AdapterChoice = "auto"): Promise<GPUAdapter> {
  const [adapter] = await findAdapters(choice);
  if (adapter) return adapter;
  const others = choice === "auto" ? [] : await findAdapters();
  if (others.length > 0) {
    throw new TensorError(
      "no-adapter",
      `WebGPU: no adapter matches "${choice}"; leave the choice out (or set INCTRL_ADAPTER=auto) to take one of: ` +
        others.map((other) => other.info.description || other.info.device).join(", "),
    );
  }
  throw new TensorError(
    "no-adapter",
    "WebGPU: no adapter found; install a Vulkan driver (Debian and Ubuntu: mesa-vulkan-drivers and libvulkan1, on " +
      "Debian 12 from bookworm-backports), or update the GPU's driver",
  );
}
