import { TensorError } from "../errors.js";
import { isSoftware } from "./caps.js";

/** Which adapter to open: the best, a kind, or any text that its name contains. */
export type AdapterChoice = "auto" | "hardware" | "software" | (string & {});

/**
 * Dawn's entry objects. Each must stay referenced as long as the process lives: collected while a device is
 * alive, they take the process down at random.
 */
const entries = new Map<string, GPU>();

/**
 * What Dawn does for pages from anywhere and we need not have. It clears a buffer before its first use, by one thread on
 * software adapters; no kernel reads what none has written, since buffers of the pool come back with old values. And it
 * rounds timestamps to 0.1 ms.
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
  // Named through a variable so that browser bundlers leave the Node package alone.
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

const nameOf = ({ info }: GPUAdapter): string =>
  `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;

/** The adapters worth trying for a choice, best first; empty where the machine has none. */
export async function findAdapters(choice: AdapterChoice = "auto"): Promise<GPUAdapter[]> {
  const named = !KINDS.has(choice);
  // Dawn's flag reaches adapters it would not offer by itself, but only knows the device's name.
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
      if (adapter && !found.some((other) => nameOf(other) === nameOf(adapter))) found.push(adapter);
    }
  }
  const rank = (a: GPUAdapter) => Number(isSoftware(a.info));
  if (choice === "hardware") return found.filter((a) => !isSoftware(a.info));
  if (choice === "software") return found.filter((a) => isSoftware(a.info));
  if (named) {
    return found.filter((a) => nameOf(a).toLowerCase().includes(choice.toLowerCase()));
  }
  return found.sort((a, b) => rank(a) - rank(b));
}

/** The adapter for a choice, or an error that says how to get one. */
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
